#include "log/epoch_cache.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::log {

void EpochCache::assign(LeaderEpoch epoch, Offset start) {
    MILENA_ASSERT(epoch >= LeaderEpoch{0} && start >= Offset{0});
    if (!entries_.empty() && entries_.back().epoch == epoch &&
        entries_.back().start_offset <= start) {
        return;
    }
    std::erase_if(entries_, [&](const EpochEntry& entry) {
        return entry.epoch >= epoch || entry.start_offset >= start;
    });
    entries_.push_back({epoch, start});
    ++version_;
}

void EpochCache::truncate_from_end(Offset end) {
    if (std::erase_if(entries_,
                      [&](const EpochEntry& entry) { return entry.start_offset >= end; }) > 0) {
        ++version_;
    }
}

void EpochCache::truncate_from_start(Offset start) {
    const auto after = std::ranges::upper_bound(entries_, start, {}, &EpochEntry::start_offset);
    if (after == entries_.begin()) return;
    const auto covering = after - 1;
    if (covering == entries_.begin() && covering->start_offset == start) return;
    covering->start_offset = start;
    entries_.erase(entries_.begin(), covering);
    ++version_;
}

void EpochCache::clear() {
    entries_.clear();
    ++version_;
}

std::optional<LeaderEpoch> EpochCache::latest() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.back().epoch;
}

std::optional<LeaderEpoch> EpochCache::epoch_at(Offset offset) const {
    const auto after = std::ranges::upper_bound(entries_, offset, {}, &EpochEntry::start_offset);
    if (after == entries_.begin()) return std::nullopt;
    return (after - 1)->epoch;
}

EpochEndOffset EpochCache::end_offset_for(LeaderEpoch epoch, Offset log_end) const {
    if (epoch == kNoLeaderEpoch || entries_.empty()) return {};
    if (entries_.back().epoch == epoch) return {epoch, log_end};
    const auto higher = std::ranges::upper_bound(entries_, epoch, {}, &EpochEntry::epoch);
    if (higher == entries_.end()) return {};
    // Older than all that is left: what it wrote is gone, so the first known offset is its end.
    if (higher == entries_.begin()) return {epoch, higher->start_offset};
    return {(higher - 1)->epoch, higher->start_offset};
}

void EpochCache::check_invariants() const {
    for (std::size_t i = 1; i < entries_.size(); ++i) {
        MILENA_ASSERT(entries_[i - 1].epoch < entries_[i].epoch);
        MILENA_ASSERT(entries_[i - 1].start_offset < entries_[i].start_offset);
    }
}

}  // namespace milena::log
