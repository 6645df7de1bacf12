#include "log/cleaner/clean_range.h"

#include "log/roll.h"

#include <algorithm>
#include <limits>

namespace milena::log {
namespace {

Offset first_dirty_offset(const CleanBounds& bounds) {
    const bool within =
        bounds.cleaned_to >= bounds.log_start_offset && bounds.cleaned_to <= bounds.log_end_offset;
    return within ? bounds.cleaned_to : bounds.log_start_offset;
}

Offset end_of_range(std::span<const CleanableSegment> sealed, const CleanBounds& bounds,
                    Offset first_dirty, const LogSettings& settings, TimestampMs now) {
    const Offset stable = std::min(bounds.last_stable_offset, bounds.recovery_point);
    const std::int64_t lag = settings.min_compaction_lag_ms.count();
    for (const CleanableSegment& segment : sealed) {
        if (segment.end > stable) return segment.base;
        const bool dirty = segment.end > first_dirty;
        if (dirty && lag > 0 && now - segment.largest_timestamp < lag) return segment.base;
    }
    return sealed.empty() ? bounds.log_start_offset : sealed.back().end;
}

}  // namespace

bool compacts(CleanupPolicy policy) {
    return policy == CleanupPolicy::compact || policy == CleanupPolicy::compact_and_remove;
}

double CleanRange::dirty_ratio() const {
    const std::uint64_t total = clean_bytes + dirty_bytes;
    return total == 0 ? 0.0 : static_cast<double>(dirty_bytes) / static_cast<double>(total);
}

bool CleanRange::is_due(const LogSettings& settings) const {
    if (dirty_bytes == 0 || !compacts(settings.cleanup_policy)) return false;
    return overdue > Millis{0} || dirty_ratio() > settings.min_cleanable_dirty_ratio;
}

CleanRange find_clean_range(std::span<const CleanableSegment> sealed, const CleanBounds& bounds,
                            const LogSettings& settings, TimestampMs now) {
    CleanRange range;
    range.first_dirty = first_dirty_offset(bounds);
    range.end =
        std::max(range.first_dirty, end_of_range(sealed, bounds, range.first_dirty, settings, now));
    std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
    for (const CleanableSegment& segment : sealed) {
        const bool dirty = segment.end > range.first_dirty;
        if (dirty && segment.first_timestamp > TimestampMs{0}) {
            oldest = std::min(oldest, segment.first_timestamp.value());
        }
        if (!dirty) {
            range.clean_bytes += segment.size;
        } else if (segment.end <= range.end) {
            range.dirty_bytes += segment.size;
        }
    }
    const std::int64_t lag = settings.max_compaction_lag_ms.count();
    if (oldest < now.value() && now.value() - oldest > lag) {
        range.overdue = Millis{now.value() - oldest - lag};
    }
    return range;
}

std::vector<std::size_t> group_segments(std::span<const CleanableSegment> segments,
                                        const LogSettings& settings) {
    std::vector<std::size_t> groups;
    CleanableSegment sum;
    for (const CleanableSegment& next : segments) {
        const bool fits =
            !groups.empty() && sum.size + next.size <= settings.segment_bytes &&
            sum.offset_index_bytes + next.offset_index_bytes <= settings.segment_index_bytes &&
            sum.time_index_bytes + next.time_index_bytes <= settings.segment_index_bytes &&
            offset_fits_segment(sum.base, next.end - 1);
        if (!fits) {
            groups.push_back(1);
            sum = next;
            continue;
        }
        ++groups.back();
        sum.size += next.size;
        sum.offset_index_bytes += next.offset_index_bytes;
        sum.time_index_bytes += next.time_index_bytes;
    }
    return groups;
}

}  // namespace milena::log
