#include "replication/raft/raft.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::raft {

Result<Raft> Raft::create(Voter self, VoterSet voters, const Found& found) {
    const std::string node = std::to_string(self.id.value());
    if (!voters.contains(self.id)) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "controller.quorum.voters does not name node " + node +
                        ", which is to be its controller; add it, or correct node.id");
    }
    if (voters.voters.size() > 1) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "controller.quorum.voters names " + std::to_string(voters.voters.size()) +
                        " nodes; this version runs a metadata quorum of one node, so leave the "
                        "setting out or let it name node " +
                        node + " alone");
    }
    State state;
    state.self = self;
    state.voters = std::move(voters);
    state.voters_in_log = found.voters_in_log;
    state.election = found.election;
    state.log_end = state.synced_end = found.log_end;
    state.last_epoch = found.last_epoch;
    // A quorum-state that is behind the log (restored from a backup, or deleted) must not lead to
    // an epoch being used twice.
    if (state.election.epoch < found.last_epoch) {
        state.election = {.epoch = found.last_epoch};
    }
    if (state.election.leader == self.id) state.role = Resigned{};
    return Raft(std::move(state));
}

Ready Raft::step(const Input& input, MonoTime) {
    const LeaderEpoch epoch_before = state_.election.epoch;
    const Offset committed_before = state_.high_watermark;
    Ready ready;
    std::visit([&](const auto& event) { apply(event, ready); }, input);
    MILENA_ASSERT(!check_invariants(state_));
    MILENA_ASSERT(state_.election.epoch >= epoch_before);
    MILENA_ASSERT(state_.high_watermark >= committed_before);
    return ready;
}

}  // namespace milena::raft
