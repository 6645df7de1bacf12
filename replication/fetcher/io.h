// What drives the machine that fetches from one leader broker, and what it asks its shell to do.
//
// The shell (broker/replica) owns the connection to that broker. For a Ready it
//   1. abandon    closes the connection; nothing of that request is reported any more
//   2. deliver    steps the answer of each of these partitions into its machine, appends what it
//                 asks for, and tells with Positioned where the partition stands then
//   3. locate     steps OutOfRange into those, and does the same
//   4. send       the requests; each is answered by the input of its name or by RequestLost
// and steps Tick at deadline().
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/partition/partition.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace milena::fetcher {

// A topic that was deleted and created again is another one: its partitions are other keys.
struct PartitionKey {
    TopicId topic;
    PartitionIndex index;

    friend bool operator==(const PartitionKey&, const PartitionKey&) = default;
    friend auto operator<=>(const PartitionKey& a, const PartitionKey& b) {
        const auto& left = a.topic.value();
        const auto& right = b.topic.value();
        if (const auto by = left.high <=> right.high; by != 0) return by;
        if (const auto by = left.low <=> right.low; by != 0) return by;
        return a.index <=> b.index;
    }
};

using Position = partition::FetchPosition;

struct Settings {
    Millis max_wait{500};                    // replica.fetch.wait.max.ms
    std::int32_t min_bytes = 1;              // replica.fetch.min.bytes
    std::int32_t max_bytes = 10'485'760;     // replica.fetch.response.max.bytes
    std::int32_t partition_bytes = 1048576;  // replica.fetch.max.bytes
    Millis backoff{1000};                    // replica.fetch.backoff.ms: the longest
};

// --- What the shell wants fetched ---

// The broker leads this partition, in a leader epoch that is new here. What went wrong in an
// earlier epoch is forgotten. nullopt: its log has to be synced or cut first.
struct Follow {
    PartitionKey key;
    LeaderEpoch leader_epoch;
    std::optional<Position> position;
};

// It leads it no more, or the replica is gone.
struct Unfollow {
    PartitionKey key;
};

// Where the partition stands now. nullopt: not to be fetched until the next one of these.
struct Positioned {
    PartitionKey key;
    std::optional<Position> position;
    // What was delivered could not be used (a wrong CRC): ask again, but not at once.
    bool unusable = false;
};

// The partition's own log takes no more: nothing is fetched until the next Follow.
struct LogFailed {
    PartitionKey key;
};

// follower.replication.throttled.rate in bytes each second, nullopt: none.
struct ThrottleRate {
    std::optional<std::int64_t> bytes_per_second;
};

// follower.replication.throttled.replicas names this replica, or does so no more.
struct Throttled {
    PartitionKey key;
    bool on = false;
};

// --- What came back ---

struct PartitionAnswer {
    PartitionKey key;
    ErrorCode error = ErrorCode::NONE;
    std::uint64_t bytes = 0;  // of records
    Offset high_watermark = kNoOffset;
};

struct FetchAnswered {
    std::uint64_t request = 0;
    ErrorCode error = ErrorCode::NONE;
    FetchSessionId session{0};
    std::vector<PartitionAnswer> partitions;
};

struct LogEnds {
    PartitionKey key;
    ErrorCode error = ErrorCode::NONE;
    Offset start = kNoOffset;
    Offset end = kNoOffset;
};

struct LogEndsAnswered {
    std::uint64_t request = 0;
    ErrorCode error = ErrorCode::NONE;
    std::vector<LogEnds> partitions;
};

// No answer will come: the connection broke, or time ran out.
struct RequestLost {
    std::uint64_t request = 0;
};

struct Tick {};

using Input = std::variant<Follow, Unfollow, Positioned, LogFailed, ThrottleRate, Throttled,
                           FetchAnswered, LogEndsAnswered, RequestLost, Tick>;

// --- What to do ---

struct FetchPartition {
    PartitionKey key;
    Position position;
};

// Fetch v13 or later with this broker's id and epoch. Everything that is not in it is as it was in
// the session.
struct FetchRequest {
    std::uint64_t id = 0;
    FetchSessionId session{0};
    FetchSessionEpoch session_epoch{0};
    Millis max_wait{0};
    std::int32_t min_bytes = 1;
    std::int32_t max_bytes = 0;
    std::int32_t partition_bytes = 0;
    std::vector<FetchPartition> partitions;
    std::vector<PartitionKey> forgotten;
};

// ListOffsets as a replica, once for the earliest and once for the latest offset of each.
struct LogEndsRequest {
    struct Partition {
        PartitionKey key;
        LeaderEpoch leader_epoch;
    };
    std::uint64_t id = 0;
    std::vector<Partition> partitions;
};

// An answer that the partition is to have, and to which position it answers.
struct Delivery {
    std::size_t answer;  // index in FetchAnswered::partitions
    PartitionKey key;
    Position asked;
};

struct Located {
    PartitionKey key;
    LeaderEpoch leader_epoch;
    Offset leader_start;
    Offset leader_end;
};

struct Ready {
    std::optional<std::uint64_t> abandon;
    std::vector<Delivery> deliver;
    std::vector<Located> locate;
    std::optional<FetchRequest> fetch;
    std::optional<LogEndsRequest> ends;
};

}  // namespace milena::fetcher
