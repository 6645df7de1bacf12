// Should the active segment be sealed before these batches go in? Pure.
//
// Yes when (storage/.../LogSegment.java, shouldRoll)
//   the batches would take it past segment.bytes
//   it holds something and segment.ms (less its jitter) has passed: between the first batch's
//   largest
//     timestamp and that of the new batches, or, when the first batch has none, since it was made
//   one of the indexes has no room for another entry
//   an offset would not fit into 31 bits relative to its base
#pragma once

#include "log/settings.h"
#include "protocol/base/ids.h"

#include <cstdint>

namespace milena::log {

struct ActiveSegmentFacts {
    Offset base;
    std::uint64_t size = 0;
    TimestampMs first_batch_timestamp = kNoTimestamp;
    TimestampMs created;
    Millis jitter{0};
    bool index_full = false;
};

struct IncomingFacts {
    std::uint64_t bytes = 0;
    Offset last_offset;
    TimestampMs max_timestamp = kNoTimestamp;
};

bool offset_fits_segment(Offset base, Offset offset);
bool should_roll(const ActiveSegmentFacts& active, const IncomingFacts& incoming,
                 const LogSettings& settings, TimestampMs now);
// The part of segment.ms that this segment is sealed early: uniform below segment.jitter.ms.
Millis pick_jitter(const LogSettings& settings, std::uint64_t random);

}  // namespace milena::log
