#include "replication/raft/state.h"

#include <algorithm>

namespace milena::raft {

const ReplicaState* Leader::find(const ReplicaKey& key) const {
    const ReplicaState* found = nullptr;
    for (const ReplicaState& one : replicas) {
        const bool same = one.key.id == key.id &&
                          (key.directory.value().is_zero() || one.key.directory == key.directory);
        if (same && (!found || one.last_fetch > found->last_fetch)) found = &one;
    }
    return found;
}

std::optional<std::string_view> check_invariants(const State& state) {
    const BrokerId self = state.self.id;
    const auto* leader = std::get_if<Leader>(&state.role);
    if (leader && (state.election.leader != self || state.election.voted != kNoBroker)) {
        return "LeaderLeadsItself";
    }
    if (std::holds_alternative<Candidate>(state.role) && state.election.voted != self) {
        return "CandidateVotesForItself";
    }
    if (std::holds_alternative<Follower>(state.role) &&
        (state.election.leader == kNoBroker || state.election.leader == self)) {
        return "FollowerKnowsLeader";
    }
    if (state.election.epoch < state.last_epoch()) return "EpochCoversLog";
    if (state.log_start > state.high_watermark || state.high_watermark > state.synced_end ||
        state.synced_end > state.log_end) {
        return "CommittedIsSynced";
    }
    if (leader && leader->epoch_start >= state.log_end) return "CommitsInOwnEpoch";
    if (state.log_start.value() > 0 &&
        (state.snapshots.empty() || state.snapshots.back().id.end < state.log_start)) {
        return "SnapshotAtLogStart";
    }
    return std::nullopt;
}

}  // namespace milena::raft
