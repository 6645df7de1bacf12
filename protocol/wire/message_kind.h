// What a message is for.
#pragma once

#include <cstdint>

namespace milena {

enum class MessageKind : std::uint8_t {
    kRequest,
    kResponse,
    kHeader,
    kMetadata,   // a record of the metadata log
    kRemoteLog,  // a record about tiered storage
    kKey,        // of a coordinator's record
    kValue,      // of a coordinator's record
    kData,       // control records and what else is persisted or nested
};

}  // namespace milena
