// Which part of a log may be compacted now, how urgent that is, and which segments become one.
// Pure.
//
// Offsets below first_dirty have been compacted; from `end` on nothing may be:
//   - the active segment, and every segment that reaches the last stable offset or the recovery
//     point (it is to be scanned after a crash)
//   - the first dirty segment with a record younger than min.compaction.lag.ms, and all behind it
// Both are as Kafka's (storage/.../LogCleanerManager.java), but for the recovery point.
#pragma once

#include "log/settings.h"
#include "protocol/base/ids.h"

#include <cstdint>
#include <span>
#include <vector>

namespace milena::log {

struct CleanableSegment {
    Offset base;
    Offset end;  // base of the next one
    std::uint64_t size = 0;
    std::uint64_t offset_index_bytes = 0;
    std::uint64_t time_index_bytes = 0;
    TimestampMs largest_timestamp = kNoTimestamp;
    TimestampMs first_timestamp = kNoTimestamp;  // of the first batch
};

struct CleanBounds {
    Offset log_start_offset;
    Offset log_end_offset;
    Offset cleaned_to;          // as last checkpointed; counts only within the log
    Offset last_stable_offset;  // at or below the high watermark
    Offset recovery_point;
};

struct CleanRange {
    Offset first_dirty;
    Offset end;  // the base of a segment; at least first_dirty
    std::uint64_t clean_bytes = 0;
    std::uint64_t dirty_bytes = 0;
    Millis overdue{0};  // by how much max.compaction.lag.ms has been exceeded

    // Share of the bytes that are dirty.
    double dirty_ratio() const;
    // By the topic's settings: dirty enough, or overdue.
    bool is_due(const LogSettings& settings) const;
};

bool compacts(CleanupPolicy policy);

// `sealed`: all segments but the active one, ascending.
CleanRange find_clean_range(std::span<const CleanableSegment> sealed, const CleanBounds& bounds,
                            const LogSettings& settings, TimestampMs now);

// How many of the segments, from the first on, go together into each new one, so that it and its
// indexes stay within the settings and its offsets within 31 bits. The sum is segments.size().
std::vector<std::size_t> group_segments(std::span<const CleanableSegment> segments,
                                        const LogSettings& settings);

}  // namespace milena::log
