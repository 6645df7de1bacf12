// The batches of tests/golden/record/batches.txt.
#pragma once

#include "protocol/record/batch_builder.h"
#include "protocol/record/record_reader.h"
#include "tests/unit/protocol/record/raw_batch.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milena::test {

struct GoldenRecord {
    TimestampMs timestamp;
    std::optional<Bytes> key;
    std::optional<Bytes> value;
    std::vector<std::pair<std::string, std::optional<Bytes>>> headers;
};

struct GoldenBatch {
    std::string name;
    BatchTraits traits;
    std::vector<GoldenRecord> records;
    Bytes bytes;  // as Java wrote them
};

// Empty when the file cannot be read.
const std::vector<GoldenBatch>& golden_batches();

inline NullableBytes view(const std::optional<Bytes>& bytes) {
    return bytes ? NullableBytes(ByteView(*bytes)) : NullableBytes();
}
// The headers of a record, viewing it.
std::vector<RecordHeader> header_views(const GoldenRecord& record);

}  // namespace milena::test
