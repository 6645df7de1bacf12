#include "replication/raft/state.h"

namespace milena::raft {

std::optional<std::string_view> check_invariants(const State& state) {
    if (!state.voters.contains(state.self.id)) return "SelfIsVoter";
    const auto* leader = std::get_if<Leader>(&state.role);
    if (leader && (state.election.leader != state.self.id || state.election.voted != kNoBroker)) {
        return "LeaderLeadsItself";
    }
    if (std::holds_alternative<Candidate>(state.role) && state.election.voted != state.self.id) {
        return "CandidateVotesForItself";
    }
    if (state.election.epoch < state.last_epoch) return "EpochCoversLog";
    if (state.high_watermark > state.synced_end || state.synced_end > state.log_end) {
        return "CommittedIsSynced";
    }
    if (leader && leader->epoch_start >= state.log_end) return "CommitsInOwnEpoch";
    return std::nullopt;
}

}  // namespace milena::raft
