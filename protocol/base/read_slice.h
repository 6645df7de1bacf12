// Bytes of a file slice that are to be looked at after all.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/slice_source.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace milena {

// All of it, in place of what `into` holds. KAFKA_STORAGE_ERROR says that `what` cannot be read,
// also when the source ends too early.
Status read_whole(const FileSlice& slice, std::vector<std::uint8_t>& into, std::string_view what);

}  // namespace milena
