// Asking for votes: first whether one would get them, which disturbs nobody, then in a new epoch.
#include "protocol/base/assert.h"
#include "replication/raft/raft.h"

#include <algorithm>

namespace milena::raft {
namespace {

// What the pause after a lost election begins with; it doubles with each one more.
constexpr Millis kFirstBackoff{50};

void add(std::vector<BrokerId>& list, BrokerId id) {
    if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

bool has(const std::vector<BrokerId>& list, BrokerId id) {
    return std::find(list.begin(), list.end(), id) != list.end();
}

Votes* votes_of(Role& role) {
    if (auto* prospective = std::get_if<Prospective>(&role)) return &prospective->votes;
    if (auto* candidate = std::get_if<Candidate>(&role)) return &candidate->votes;
    return nullptr;
}

}  // namespace

// Between one and two election timeouts, so that candidates come apart.
MonoTime Raft::election_deadline() {
    const Nanos timeout = options_.election_timeout;
    const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(timeout.count(), 1));
    return now_ + timeout + Nanos(static_cast<std::int64_t>(random_.below(span))) + Nanos(1);
}

Nanos Raft::election_backoff() {
    const int doublings = std::min(std::max(lost_elections_ - 1, 0), 16);
    const Nanos span = std::min(Nanos(kFirstBackoff) * (std::int64_t{1} << doublings),
                                std::max(Nanos(options_.election_backoff_max) / 2, Nanos(1)));
    return span + Nanos(static_cast<std::int64_t>(
                      random_.below(static_cast<std::uint64_t>(span.count()))));
}

// Who is no voter has nothing to be elected for: it looks for the leader.
void Raft::become_prospective() {
    if (!state_.is_voter() || stopping_) return become_unattached(state_.election.epoch);
    enter(Prospective{.votes = {.granted = {state_.self.id}}, .until = election_deadline()});
    count_votes();
}

void Raft::become_candidate() {
    set_election({.epoch = state_.election.epoch + 1,
                  .voted = state_.self.id,
                  .voted_directory = state_.self.directory});
    state_.leader_endpoints.clear();
    enter(Candidate{.votes = {.granted = {state_.self.id}}, .until = election_deadline()});
    count_votes();
}

// Alone, the vote for itself is not written on the way: leading the epoch implies it, and one
// synced write holds both.
void Raft::become_leader() {
    const auto granted = std::get<Candidate>(state_.role).votes.granted;
    set_election({.epoch = state_.election.epoch, .leader = state_.self.id});
    state_.leader_endpoints = state_.self.endpoints;
    lost_elections_ = 0;
    enter(Leader{.epoch_start = state_.log_end, .since = now_});
    append_epoch_start(granted);
}

// Back to the leader that was doubted, if there is one.
void Raft::end_prospective() {
    ++lost_elections_;
    if (state_.election.leader != kNoBroker && state_.election.leader != state_.self.id) {
        return become_follower(state_.leadership());
    }
    become_unattached(state_.election.epoch);
    std::get<Unattached>(state_.role).election_at = now_ + election_backoff();
}

void Raft::count_votes() {
    const auto* votes = votes_of(state_.role);
    MILENA_ASSERT(votes);
    const std::size_t needed = state_.voters().majority();
    auto* candidate = std::get_if<Candidate>(&state_.role);
    if (votes->granted.size() >= needed) return candidate ? become_leader() : become_candidate();
    const std::size_t lost = votes->refused.size() + votes->unreachable.size();
    if (state_.voters().voters.size() - lost >= needed) return;
    if (!candidate) return end_prospective();
    if (candidate->lost) return;
    ++lost_elections_;
    candidate->lost = true;
    candidate->until = std::min(candidate->until, now_ + election_backoff());
}

void Raft::ask_for_votes(const Votes& votes, Ballot ballot) {
    for (const Voter& voter : state_.voters().voters) {
        if (voter.id == state_.self.id || has(votes.granted, voter.id) ||
            has(votes.refused, voter.id)) {
            continue;
        }
        ask(voter.id, VoteRequest{.voter = voter.key(),
                                  .candidate = state_.self.key(),
                                  .epoch = state_.election.epoch,
                                  .log_end = state_.end(),
                                  .ballot = ballot});
    }
}

void Raft::on(BrokerId from, const VoteResponse& response) {
    auto* votes = votes_of(state_.role);
    if (!votes || !state_.voters().contains(from)) return;
    if (response.error != ErrorCode::NONE) {
        back_off(from);
        return vote_unreachable(from);
    }
    std::erase(votes->unreachable, from);
    add(response.granted ? votes->granted : votes->refused, from);
    count_votes();
}

void Raft::vote_unreachable(BrokerId voter) {
    auto* votes = votes_of(state_.role);
    if (!votes || !state_.voters().contains(voter)) return;
    add(votes->unreachable, voter);
    count_votes();
}

}  // namespace milena::raft
