// Which of the oldest segments may go? Pure.
//
// A segment may go only if all before it go, the high watermark is at or above its end, and one of
// (storage/.../UnifiedLog.java, deletableSegments)
//   time    cleanup.policy has delete, and its largest timestamp is more than retention.ms ago; one
//           in the future keeps the segment
//   size    cleanup.policy has delete, and without it the log still holds retention.bytes
//   start   the next segment begins at or below the log start offset (DeleteRecords), any policy
// An empty active segment stays. When the active one goes too, the caller rolls first.
#pragma once

#include "log/settings.h"
#include "protocol/base/ids.h"

#include <cstdint>
#include <span>

namespace milena::log {

struct SegmentFacts {
    Offset end;  // base of the next segment; of the last one, the log end
    std::uint64_t size = 0;
    TimestampMs largest_timestamp;  // that of its records, or when the file was last changed
};

// How many, from the oldest on.
std::size_t count_deletable(std::span<const SegmentFacts> segments, const LogSettings& settings,
                            Offset log_start_offset, Offset high_watermark, TimestampMs now);

}  // namespace milena::log
