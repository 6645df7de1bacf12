// Requests that are built once and sent many times, and the few bytes of their answers that must be
// looked at.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/codec.h"
#include "tools/client/cluster.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace milena::bench {

// Where a request goes.
struct Target {
    std::string topic;
    TopicId id;
    PartitionIndex partition{0};
};

struct BatchShape {
    std::int32_t records = 1;
    std::int32_t value_bytes = 100;
    Codec codec = Codec::none;
};

// One record batch of that shape. The values are text that compresses to about a half, the same
// for the same shape; keys are null.
Result<std::vector<std::uint8_t>> build_batch(const BatchShape& shape, TimestampMs timestamp);

using Frame = std::vector<std::uint8_t>;

// A whole Produce request; its correlation id is patched when it is sent.
Result<Frame> produce_frame(const Target& target, ByteView batch, std::int16_t acks, Millis timeout,
                            ApiVersion version, const std::string& client_id);

// A whole Fetch request without a session; set_fetch_offset() says where it begins.
struct FetchFrame {
    Frame bytes;
    std::size_t offset_at = 0;
};
struct FetchShape {
    Millis max_wait{500};
    std::int32_t min_bytes = 1;
    std::int32_t max_bytes = 50 * 1024 * 1024;
};
Result<FetchFrame> fetch_frame(const Target& target, const FetchShape& shape, ApiVersion version,
                               const std::string& client_id);
void set_fetch_offset(FetchFrame& frame, Offset offset);

// Versions from which the answers are read; brokers from Kafka 2.8 (2021) on have them.
inline constexpr std::int16_t kOldestProduce = 9;
inline constexpr std::int16_t kOldestFetch = 12;

// The answer to a produce_frame, without its length.
struct ProduceOutcome {
    std::int32_t correlation_id = 0;
    ErrorCode error = ErrorCode::NONE;
    Offset base_offset = kNoOffset;
};
Result<ProduceOutcome> read_produce_answer(ByteView frame, const Target& target,
                                           ApiVersion version);

// What stands before the records in the answer to a fetch_frame.
struct FetchOutcome {
    std::int32_t correlation_id = 0;
    ErrorCode error = ErrorCode::NONE;
    Offset high_watermark = kNoOffset;
    Offset log_start_offset = kNoOffset;
    std::size_t records_at = 0;  // in the frame
    std::size_t records_bytes = 0;
};
// `head` may end anywhere behind the length of the records. The bytes that a head needs at most:
inline constexpr std::size_t kFetchHeadBytes = 512;
Result<FetchOutcome> read_fetch_answer(ByteView head, ApiVersion version);

}  // namespace milena::bench
