#include "replication/partition/truncation.h"

#include <algorithm>

namespace milena::partition {

std::optional<EpochEnd> find_divergence(Offset offset, LeaderEpoch last_fetched, EpochEnd ours) {
    if (last_fetched == kNoLeaderEpoch) return std::nullopt;
    if (ours.epoch < last_fetched || ours.end < offset) return ours;
    return std::nullopt;
}

Offset truncation_point(EpochEnd diverging, EpochEnd ours, Offset log_end) {
    // A log without epochs (all older than the leader's answer) can only trust the leader's end.
    if (ours.epoch == kNoLeaderEpoch) return std::min(std::max(diverging.end, Offset(0)), log_end);
    if (ours.epoch != diverging.epoch) return std::min(ours.end, log_end);
    return std::min({ours.end, diverging.end, log_end});
}

}  // namespace milena::partition
