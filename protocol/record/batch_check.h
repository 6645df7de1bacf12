// Everything a leader verifies of a batch before it enters the log, as one ordered table of rules.
//
// The order is Kafka's, so that a batch that breaks two rules gets the same answer: rules on the
// request's `records` field (clients/.../requests/ProduceRequest.java), on the batch
// (storage/.../log/UnifiedLog.java), on header and records (storage/.../log/LogValidator.java).
// What Kafka lets through that a consumer could not read is refused here, see batch_check.cc.
// Sequence numbers against what the producer wrote before are log/'s business, offsets and leader
// epoch are stamped at the append.
//
// Driven by broker/ on produce. Works in the request's buffer and the caller's; no state.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_view.h"
#include "protocol/record/codec.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace milena {

class Codecs;

// What the topic asks of its batches. Names, units and defaults are Kafka's settings'.
struct BatchRules {
    std::uint32_t max_message_bytes = 1'048'588;                // max.message.bytes
    std::uint64_t segment_bytes = 1ULL << 30;                   // segment.bytes
    bool compacted = false;                                     // cleanup.policy
    TimestampType timestamp_type = TimestampType::create_time;  // message.timestamp.type
    Millis timestamp_before_max{std::numeric_limits<std::int64_t>::max()};  // ...before.max.ms
    Millis timestamp_after_max{3'600'000};                                  // ...after.max.ms
    std::optional<Compression> compression;  // compression.type; nullopt: as the producer did
    // What the records of one batch may come to when decompressed.
    std::uint64_t max_decompressed_bytes = 100ULL << 20;
};

// Clients may neither write control records nor choose offsets; coordinators of this broker do.
enum class BatchOrigin : std::uint8_t { client, coordinator };

// What belongs to one request.
struct BatchContext {
    TimestampMs now;
    ApiVersion produce_version;
    BatchOrigin origin = BatchOrigin::client;
};

struct CheckedBatch {
    enum class Place : std::uint8_t { request, rebuilt };

    // Exactly one batch, its max timestamp and CRC final, its base offset and leader epoch not.
    MutableBytes bytes;
    // Where it lies: in the request's own bytes, or in the caller's buffer because it had to be
    // recompressed or its records renumbered.
    Place place = Place::request;
    // For the reply: when the broker stamped the batch, else kNoTimestamp.
    TimestampMs log_append_time = kNoTimestamp;
    // Bytes of a cut-off batch behind this one, which are ignored as Kafka does.
    std::size_t trimmed = 0;

    BatchView view() const { return BatchView(bytes); }
};

// KIP-467: which record is at fault, counted from 0, and why.
struct RecordError {
    std::int32_t batch_index = 0;
    std::string message;
};

// The answer for the partition: the whole batch is refused.
struct BatchRejection {
    Error error;
    std::vector<RecordError> record_errors;  // at most kMaxRecordErrors, the first ones
};

inline constexpr std::size_t kMaxRecordErrors = 256;

// Checks the `records` field of one partition of a produce request and makes it ready for the log.
// `rebuilt` is only written to when the batch cannot stay where it is; it must live as long as the
// result. INVALID_RECORD, CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE,
// INVALID_TIMESTAMP, UNSUPPORTED_COMPRESSION_TYPE.
std::expected<CheckedBatch, BatchRejection> check_batch(MutableBytes records,
                                                        const BatchRules& rules,
                                                        const BatchContext& context, Codecs& codecs,
                                                        std::vector<std::uint8_t>& rebuilt);

}  // namespace milena
