// Epochs and who leads them: what is learned from others, the beginning and the end of an epoch.
#include "protocol/base/assert.h"
#include "replication/raft/raft.h"

#include <algorithm>

namespace milena::raft {
namespace {

// Between the first and the second voter that try to replace a leader, and so on.
constexpr Millis kTurn{50};

}  // namespace

void Raft::set_election(const ElectionState& election) {
    if (state_.election == election) return;
    state_.election = election;
    ready_.election = election;
}

void Raft::enter(Role role) {
    if (auto* leader = std::get_if<Leader>(&state_.role)) refuse_parked(*leader);
    forget_requests();
    state_.role = std::move(role);
    tell_endpoints_at_ = now_;
}

// A vote that was given in the same epoch stays given.
void Raft::become_unattached(LeaderEpoch epoch) {
    ElectionState election = state_.election;
    if (epoch > election.epoch) election = {.epoch = epoch};
    election.leader = kNoBroker;
    set_election(election);
    state_.leader_endpoints.clear();
    enter(Unattached{.election_at = election_deadline()});
}

void Raft::become_follower(const Leadership& leadership) {
    MILENA_ASSERT(leadership.leader != state_.self.id);
    ElectionState election = state_.election;
    if (leadership.epoch > election.epoch) election = {.epoch = leadership.epoch};
    election.leader = leadership.leader;
    set_election(election);
    state_.leader_endpoints = leadership.endpoints;
    enter(Follower{.fetch_until = now_ + patience_with(leadership.leader)});
}

void Raft::learn(const Leadership& leadership) {
    const bool known = leadership.leader != kNoBroker && leadership.leader != state_.self.id;
    if (leadership.epoch > state_.election.epoch) {
        if (known) return become_follower(leadership);
        become_unattached(leadership.epoch);
        // It led that epoch and has forgotten: then it also has voted in it.
        if (leadership.leader == state_.self.id) {
            set_election({.epoch = leadership.epoch,
                          .voted = state_.self.id,
                          .voted_directory = state_.self.directory});
        }
        return;
    }
    if (leadership.epoch < state_.election.epoch || !known) return;
    if (state_.election.leader == kNoBroker) return become_follower(leadership);
    if (state_.election.leader == leadership.leader && !leadership.endpoints.empty()) {
        state_.leader_endpoints = leadership.endpoints;
    }
}

// The voters after the leader, in the order of the list, try one after the other: whose turn it is?
std::size_t Raft::turn_after(BrokerId leader) const {
    const auto& voters = state_.voters().voters;
    const auto place = [&](BrokerId id) {
        const auto found = std::find_if(voters.begin(), voters.end(),
                                        [&](const Voter& voter) { return voter.id == id; });
        return static_cast<std::size_t>(found - voters.begin());
    };
    const std::size_t from = place(leader);
    if (from >= voters.size()) return place(state_.self.id);
    return (place(state_.self.id) + voters.size() - from - 1) % voters.size();
}

// A leader that falls silent does so to all at once: who tries when is settled before, as votes
// that are split cost an election timeout.
Nanos Raft::patience_with(BrokerId leader) const {
    return options_.fetch_timeout + static_cast<std::int64_t>(turn_after(leader)) * Nanos(kTurn);
}

void Raft::begin_fast_election(std::size_t turn) {
    auto& follower = std::get<Follower>(state_.role);
    if (follower.leader_lost) return;
    follower.leader_lost = true;
    const Nanos pause = lost_elections_ > 0 ? election_backoff() : Nanos{0};
    follower.fetch_until =
        std::min(follower.fetch_until, now_ + pause + static_cast<std::int64_t>(turn) * kTurn);
}

void Raft::apply(const Disconnected& input) {
    if (auto* leader = std::get_if<Leader>(&state_.role)) {
        for (ReplicaState& replica : leader->replicas) {
            if (replica.key.id == input.node) replica.last_answer = replica.lease_from = {};
        }
    } else if (std::holds_alternative<Follower>(state_.role) &&
               state_.election.leader == input.node) {
        begin_fast_election(turn_after(input.node));
    }
}

// Requests between voters. A voter that lost its directory is not the one that is asked.
ErrorCode Raft::voter_request_error(const ReplicaKey& asked, LeaderEpoch epoch) const {
    if (epoch < state_.election.epoch) return ErrorCode::FENCED_LEADER_EPOCH;
    if (asked.id == kNoBroker) return ErrorCode::NONE;  // before KIP-853 it is not said
    const bool other_directory =
        !asked.directory.value().is_zero() && asked.directory != state_.self.directory;
    return asked.id != state_.self.id || other_directory ? ErrorCode::INVALID_VOTER_KEY
                                                         : ErrorCode::NONE;
}

// Requests that only a leader answers.
ErrorCode Raft::leader_request_error(LeaderEpoch epoch) const {
    if (epoch < state_.election.epoch) return ErrorCode::FENCED_LEADER_EPOCH;
    if (epoch > state_.election.epoch) return ErrorCode::UNKNOWN_LEADER_EPOCH;
    return state_.is_leader() ? ErrorCode::NONE : ErrorCode::NOT_LEADER_OR_FOLLOWER;
}

void Raft::on(RequestToken token, const BeginQuorumEpochRequest& request) {
    const Leadership& claimed = request.leadership;
    auto error = voter_request_error(request.voter, claimed.epoch);
    const bool conflict =
        claimed.leader == kNoBroker || claimed.leader == state_.self.id ||
        (claimed.epoch == state_.election.epoch && state_.election.leader != kNoBroker &&
         state_.election.leader != claimed.leader);
    if (error == ErrorCode::NONE && conflict) error = ErrorCode::INVALID_REQUEST;
    if (error == ErrorCode::NONE) {
        learn(claimed);
        // It was doubted, and lives.
        if (!std::holds_alternative<Follower>(state_.role)) become_follower(claimed);
    }
    reply(token, BeginQuorumEpochResponse{error, state_.leadership()});
}

void Raft::on(RequestToken token, const EndQuorumEpochRequest& request) {
    const auto error = voter_request_error({}, request.leadership.epoch);
    if (error == ErrorCode::NONE) learn(request.leadership);
    if (error == ErrorCode::NONE && std::holds_alternative<Follower>(state_.role) &&
        state_.election.leader == request.leadership.leader) {
        const auto& list = request.preferred_candidates;
        const auto found = std::find_if(list.begin(), list.end(), [&](const ReplicaKey& one) {
            return one.id == state_.self.id;
        });
        begin_fast_election(static_cast<std::size_t>(found - list.begin()));
    }
    reply(token, EndQuorumEpochResponse{error, state_.leadership()});
}

void Raft::on(BrokerId from, const BeginQuorumEpochResponse& response) {
    if (response.error != ErrorCode::NONE) back_off(from);
}

void Raft::on(BrokerId from, const EndQuorumEpochResponse& response) {
    if (response.error != ErrorCode::NONE) back_off(from);
    auto* resigned = std::get_if<Resigned>(&state_.role);
    if (resigned) std::erase(resigned->untold, from);
}

void Raft::apply(const Resign&) {
    stopping_ = true;
    if (!state_.is_leader()) return;
    resign();
    std::get<Resigned>(state_.role).until = MonoTime::max();
}

// quorum-state keeps naming this node: nobody else may have led the epoch.
void Raft::resign() {
    Resigned resigned{.until = election_deadline(),
                      .preferred = successors(std::get<Leader>(state_.role))};
    for (const Voter& voter : state_.voters().voters) {
        if (voter.id != state_.self.id) resigned.untold.push_back(voter.id);
    }
    enter(std::move(resigned));
}

}  // namespace milena::raft
