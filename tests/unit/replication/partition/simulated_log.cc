#include "tests/unit/replication/partition/simulated_log.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::partition {

const SimulatedRecord& SimulatedLog::at(Offset offset) const {
    MILENA_ASSERT(holds(offset));
    return records_[static_cast<std::size_t>(offset - base_)];
}

std::vector<SimulatedRecord> SimulatedLog::read(Offset from, std::size_t most) const {
    std::vector<SimulatedRecord> found;
    for (Offset offset = from; holds(offset) && found.size() < most; offset = offset + 1) {
        found.push_back(at(offset));
    }
    return found;
}

LeaderEpoch SimulatedLog::latest_epoch() const {
    return epochs_.empty() ? kNoLeaderEpoch : epochs_.back().epoch;
}

EpochEnd SimulatedLog::end_of(LeaderEpoch epoch) const {
    if (epochs_.empty() || epoch > epochs_.back().epoch) return {};
    if (epoch == epochs_.back().epoch) return {epoch, end()};
    const auto after = std::find_if(epochs_.begin(), epochs_.end(),
                                    [&](const Entry& entry) { return entry.epoch > epoch; });
    if (after == epochs_.begin()) return {epoch, after->start};
    return {(after - 1)->epoch, after->start};
}

LogEnds SimulatedLog::ends(Offset high_watermark) const {
    return {.log_start = start_,
            .log_end = end(),
            .synced_end = synced_,
            .high_watermark = high_watermark,
            .last_epoch = latest_epoch()};
}

void SimulatedLog::note_epoch(LeaderEpoch epoch, Offset start) {
    if (!epochs_.empty() && epochs_.back().epoch == epoch) return;
    std::erase_if(epochs_,
                  [&](const Entry& entry) { return entry.epoch >= epoch || entry.start >= start; });
    epochs_.push_back({epoch, start});
}

void SimulatedLog::append(SimulatedRecord record) {
    note_epoch(record.epoch, end());
    records_.push_back(record);
}

void SimulatedLog::begin_epoch(LeaderEpoch epoch) {
    note_epoch(epoch, end());
}

void SimulatedLog::truncate_to(Offset offset) {
    MILENA_ASSERT(offset >= start_ && offset <= end());
    records_.resize(static_cast<std::size_t>(offset - base_));
    std::erase_if(epochs_, [&](const Entry& entry) { return entry.start >= offset; });
    synced_ = std::min(synced_, offset);
    ++generation_;
}

void SimulatedLog::restart_at(Offset offset) {
    records_.clear();
    epochs_.clear();
    base_ = start_ = synced_ = offset;
    ++generation_;
}

void SimulatedLog::advance_start(Offset offset) {
    MILENA_ASSERT(offset <= end());
    start_ = std::max(start_, offset);
    synced_ = std::max(synced_, start_);
    // The epoch that covers the start begins there.
    auto covering = std::find_if(epochs_.rbegin(), epochs_.rend(),
                                 [&](const Entry& entry) { return entry.start <= start_; });
    if (covering == epochs_.rend()) return;
    covering->start = start_;
    epochs_.erase(epochs_.begin(), covering.base() - 1);
}

void SimulatedLog::synced(Offset end, std::uint64_t generation) {
    if (generation == generation_) synced_ = std::max(synced_, end);
}

void SimulatedLog::crash(Random& random) {
    const auto unsynced = static_cast<std::uint64_t>(end() - synced_);
    // Often all of it goes, sometimes none.
    const auto kept = random.below(2) == 0 ? 0 : random.below(unsynced + 1);
    truncate_to(synced_ + static_cast<std::int64_t>(kept));
    synced_ = end();
}

}  // namespace milena::partition
