// What every generated message header includes: the types of fields.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/nullable_string.h"
#include "protocol/base/time.h"
#include "protocol/wire/api_key.h"
#include "protocol/wire/nullable.h"
#include "protocol/wire/nullable_bytes.h"
#include "protocol/wire/records.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace milena {

class Reader;
class Writer;

}  // namespace milena
