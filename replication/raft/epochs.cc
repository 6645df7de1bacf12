#include "replication/raft/epochs.h"

#include <algorithm>

namespace milena::raft {

void Epochs::appended(LeaderEpoch epoch, Offset at) {
    if (epoch > last()) starts_.push_back({epoch, at});
}

void Epochs::truncated(Offset end) {
    while (starts_.size() > 1 && starts_.back().start >= end) starts_.pop_back();
    // The first one stays when it stands for what a snapshot holds.
    if (!starts_.empty() && starts_.back().start >= end && end.value() == 0) starts_.pop_back();
}

void Epochs::begin_at(Offset start, LeaderEpoch epoch) {
    std::erase_if(starts_, [&](const EpochStart& one) { return one.epoch <= epoch; });
    starts_.insert(starts_.begin(), {epoch, start});
}

EpochEnd Epochs::end_of(LeaderEpoch epoch, Offset log_end) const {
    if (starts_.empty()) return {LeaderEpoch(0), log_end};
    auto after = std::find_if(starts_.begin(), starts_.end(),
                              [&](const EpochStart& one) { return one.epoch > epoch; });
    if (after == starts_.begin()) return {epoch, after->start};
    const Offset end = after == starts_.end() ? log_end : after->start;
    return {std::prev(after)->epoch, end};
}

}  // namespace milena::raft
