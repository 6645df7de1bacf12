#include "log/retention.h"

#include <algorithm>

namespace milena::log {
namespace {

bool deletes(CleanupPolicy policy) {
    return policy == CleanupPolicy::remove || policy == CleanupPolicy::compact_and_remove;
}

// The longest run of oldest segments that `may_go(segment, is_last)` and the high watermark allow.
template <class MayGo>
std::size_t count_while(std::span<const SegmentFacts> segments, Offset high_watermark,
                        MayGo may_go) {
    std::size_t count = 0;
    for (const SegmentFacts& segment : segments) {
        const bool is_last = count + 1 == segments.size();
        if (is_last && segment.size == 0) break;
        if (high_watermark < segment.end || !may_go(segment, is_last)) break;
        ++count;
    }
    return count;
}

std::size_t count_by_time(std::span<const SegmentFacts> segments, Millis retention,
                          Offset high_watermark, TimestampMs now) {
    return count_while(segments, high_watermark, [&](const SegmentFacts& segment, bool) {
        return now - segment.largest_timestamp > retention.count();
    });
}

std::size_t count_by_size(std::span<const SegmentFacts> segments, std::uint64_t retention,
                          Offset high_watermark) {
    std::uint64_t total = 0;
    for (const SegmentFacts& segment : segments) total += segment.size;
    if (total < retention) return 0;
    std::uint64_t surplus = total - retention;
    return count_while(segments, high_watermark, [&](const SegmentFacts& segment, bool) {
        if (segment.size > surplus) return false;
        surplus -= segment.size;
        return true;
    });
}

std::size_t count_by_start(std::span<const SegmentFacts> segments, Offset log_start_offset,
                           Offset high_watermark) {
    return count_while(segments, high_watermark, [&](const SegmentFacts& segment, bool is_last) {
        return !is_last && segment.end <= log_start_offset;
    });
}

}  // namespace

std::size_t count_deletable(std::span<const SegmentFacts> segments, const LogSettings& settings,
                            Offset log_start_offset, Offset high_watermark, TimestampMs now) {
    std::size_t count = count_by_start(segments, log_start_offset, high_watermark);
    if (!deletes(settings.cleanup_policy)) return count;
    if (settings.retention_ms) {
        count =
            std::max(count, count_by_time(segments, *settings.retention_ms, high_watermark, now));
    }
    if (settings.retention_bytes) {
        count = std::max(count, count_by_size(segments, *settings.retention_bytes, high_watermark));
    }
    return count;
}

}  // namespace milena::log
