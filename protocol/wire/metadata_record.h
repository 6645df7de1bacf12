// Records of the metadata log: uvarint frame version (1), uvarint type, uvarint version, body.
// Source: server-common/.../serialization/AbstractApiMessageSerde.java.
#pragma once

#include "protocol/msg/metadata_record.h"
#include "protocol/wire/frame.h"

#include <vector>

namespace milena {

struct DecodedMetadataRecord {
    ApiVersion version;
    msg::MetadataRecord record;  // views the value, has its arrays in the arena
};

// The value of a record. Fails with INVALID_RECORD when the frame is malformed or bytes are left
// over, UNSUPPORTED_VERSION for a type or version that Kafka 4.2 does not have.
Result<DecodedMetadataRecord> decode_metadata_record(ByteView value, Arena& arena);

namespace wire_detail {
void append_metadata_frame(std::int16_t type, ApiVersion version, std::vector<std::uint8_t>& out);
}

// Appends frame and body of one record to `out`.
template <class T>
Status append_metadata_record(const T& record, ApiVersion version, std::vector<std::uint8_t>& out) {
    const auto before = out.size();
    wire_detail::append_metadata_frame(T::kTypeId, version, out);
    auto status = append_message(record, version, out);
    if (!status) out.resize(before);
    return status;
}
Status append_metadata_record(const msg::MetadataRecord& record, ApiVersion version,
                              std::vector<std::uint8_t>& out);

}  // namespace milena
