// Recognises what people send to a Kafka port by mistake.
#pragma once

#include "protocol/base/bytes.h"

#include <string_view>

namespace milena::net {

// A sentence for the log when the first four bytes of a connection look like another protocol;
// empty otherwise. No Kafka frame begins like these: as lengths they are above 350 MB.
std::string_view foreign_protocol_hint(ByteView first_four);

}  // namespace milena::net
