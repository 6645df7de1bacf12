// Writes one record of a batch (record_reader.h has its layout).
#pragma once

#include "protocol/record/record_reader.h"
#include "protocol/wire/nullable_bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace milena {

struct RecordParts {
    std::int64_t timestamp_delta = 0;  // to the base timestamp of the batch
    std::int32_t offset_delta = 0;     // to its base offset
    NullableBytes key;
    NullableBytes value;
    std::span<const RecordHeader> headers;
};

// Appends the record to `out`; varints are minimal.
void append_record(const RecordParts& record, std::vector<std::uint8_t>& out);
// What follows the offset delta, in bytes.
std::size_t record_contents_size(const NullableBytes& key, const NullableBytes& value,
                                 std::span<const RecordHeader> headers);

}  // namespace milena
