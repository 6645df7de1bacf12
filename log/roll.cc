#include "log/roll.h"

#include <algorithm>
#include <limits>

namespace milena::log {

bool offset_fits_segment(Offset base, Offset offset) {
    const std::int64_t relative = offset - base;
    return relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max();
}

bool should_roll(const ActiveSegmentFacts& active, const IncomingFacts& incoming,
                 const LogSettings& settings, TimestampMs now) {
    if (active.size + incoming.bytes > settings.segment_bytes) return true;
    if (active.index_full || !offset_fits_segment(active.base, incoming.last_offset)) return true;
    if (active.size == 0) return false;
    const Millis waited{active.first_batch_timestamp >= TimestampMs{0}
                            ? incoming.max_timestamp - active.first_batch_timestamp
                            : now - active.created};
    return waited > settings.segment_ms - active.jitter;
}

Millis pick_jitter(const LogSettings& settings, std::uint64_t random) {
    const Millis most = std::min(settings.segment_jitter_ms, settings.segment_ms);
    if (most <= Millis{0}) return Millis{0};
    return Millis{static_cast<std::int64_t>(random % static_cast<std::uint64_t>(most.count()))};
}

}  // namespace milena::log
