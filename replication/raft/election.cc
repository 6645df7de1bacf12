// Who leads: a sole voter elects itself at once, in a new epoch at every start.
#include "protocol/base/assert.h"
#include "replication/raft/raft.h"

namespace milena::raft {

void Raft::apply(const Start&, Ready& ready) {
    MILENA_ASSERT(!state_.is_leader());
    become_candidate(ready);
    const auto& candidate = std::get<Candidate>(state_.role);
    if (candidate.granted.size() * 2 > state_.voters.voters.size()) become_leader(ready);
}

void Raft::become_candidate(Ready& ready) {
    state_.election = {.epoch = state_.election.epoch + 1,
                       .voted = state_.self.id,
                       .voted_directory = state_.self.directory};
    state_.role = Candidate{.granted = {state_.self.id}};
    ready.election = state_.election;
}

// The vote for itself is not written on the way: leading the epoch implies it, and one synced write
// holds both.
void Raft::become_leader(Ready& ready) {
    state_.election = {.epoch = state_.election.epoch, .leader = state_.self.id};
    state_.role = Leader{.epoch_start = state_.log_end};
    ready.election = state_.election;
    append_epoch_start(ready);
}

// quorum-state keeps naming this node: nobody else may have led the epoch.
void Raft::apply(const Resign&, Ready&) {
    if (state_.is_leader()) state_.role = Resigned{};
}

}  // namespace milena::raft
