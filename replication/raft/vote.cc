// Giving votes: one per epoch, to nobody whose log is behind (KIP-595), and none while a leader is
// followed (KIP-996; Kafka refuses only pre-votes then, and its leaders have no lease).
#include "replication/raft/raft.h"

#include <algorithm>

namespace milena::raft {

void Raft::on(RequestToken token, const VoteRequest& request) {
    const bool is_vote = request.ballot == Ballot::vote;
    // A candidate's epoch is new; one that only asks may have records of it.
    const bool sound =
        request.candidate.id.value() >= 0 && request.log_end.end.value() >= 0 &&
        request.log_end.epoch.value() >= 0 &&
        (is_vote ? request.log_end.epoch < request.epoch : request.log_end.epoch <= request.epoch);
    auto error =
        sound ? voter_request_error(request.voter, request.epoch) : ErrorCode::INVALID_REQUEST;
    if (error != ErrorCode::NONE) {
        return reply(token, VoteResponse{error, state_.leadership(), false});
    }
    // Late votes must not end a leader's lease: whoever follows refuses, and stays in its epoch.
    const auto* follower = std::get_if<Follower>(&state_.role);
    if (follower && follower->has_fetched && !follower->leader_lost) {
        return reply(token, VoteResponse{ErrorCode::NONE, state_.leadership(), false});
    }
    if (request.epoch > state_.election.epoch) become_unattached(request.epoch);
    const bool granted = would_grant(request);
    if (granted && is_vote) {
        ElectionState election = state_.election;
        election.voted = request.candidate.id;
        election.voted_directory = request.candidate.directory;
        set_election(election);
        enter(Unattached{.election_at = election_deadline()});
    }
    // Who may not lead because this log is longer asks in vain: this node may.
    auto* waiting = std::get_if<Unattached>(&state_.role);
    if (waiting && request.log_end < state_.end() && state_.is_voter()) {
        waiting->election_at = std::min(waiting->election_at, now_ + election_backoff());
    }
    reply(token, VoteResponse{ErrorCode::NONE, state_.leadership(), granted});
}

bool Raft::would_grant(const VoteRequest& request) const {
    const bool up_to_date = request.log_end >= state_.end();
    if (request.ballot == Ballot::pre_vote) return up_to_date && !state_.is_leader();
    if (state_.election.leader != kNoBroker) return false;
    if (state_.election.voted == kNoBroker) return up_to_date;
    const bool same_directory = state_.election.voted_directory.value().is_zero() ||
                                state_.election.voted_directory == request.candidate.directory;
    return state_.election.voted == request.candidate.id && same_directory;
}

}  // namespace milena::raft
