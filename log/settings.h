// What an operator may set per topic, as far as the log needs it. Names, units and defaults are
// Kafka's topic settings; broker/config fills this in from its table and hands a new one over when
// a setting changes.
#pragma once

#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace milena::log {

enum class CleanupPolicy : std::uint8_t {
    none = 0,
    remove = 1,
    compact = 2,
    compact_and_remove = 3
};

struct LogSettings {
    std::uint64_t segment_bytes = 1ULL << 30;                 // segment.bytes
    Millis segment_ms{604'800'000};                           // segment.ms
    Millis segment_jitter_ms{0};                              // segment.jitter.ms
    std::uint32_t segment_index_bytes = 10 << 20;             // segment.index.bytes
    std::uint32_t index_interval_bytes = 4096;                // index.interval.bytes
    std::optional<Millis> retention_ms{Millis{604'800'000}};  // retention.ms; -1 is nullopt
    std::optional<std::uint64_t> retention_bytes;             // retention.bytes; -1 is nullopt
    Millis file_delete_delay_ms{60'000};                      // file.delete.delay.ms
    CleanupPolicy cleanup_policy = CleanupPolicy::remove;     // cleanup.policy
    Millis producer_id_expiration_ms{86'400'000};             // producer.id.expiration.ms (broker)
    std::size_t max_producer_ids = 100'000;                   // producer.ids.per.partition.max
    double min_cleanable_dirty_ratio = 0.5;                   // min.cleanable.dirty.ratio
    Millis min_compaction_lag_ms{0};                          // min.compaction.lag.ms
    Millis max_compaction_lag_ms{std::numeric_limits<std::int64_t>::max()};  // max.compaction....
    Millis delete_retention_ms{86'400'000};                                  // delete.retention.ms
    // A segment begins only when the one before is on the device (write.durability=disk): what a
    // power cut leaves is a prefix then, also of what was never synced otherwise.
    bool sync_on_roll = true;

    friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

}  // namespace milena::log
