#include "replication/raft/raft.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::raft {
namespace {

// Who leads as far as others are concerned: a leader that resigned leads no more, though the epoch
// stays its own.
Leadership told(const State& state) {
    Leadership leadership = state.leadership();
    if (leadership.leader == state.self.id && !state.is_leader()) leadership.leader = kNoBroker;
    return leadership;
}

// A node that starts waits no longer than this before it asks whether it would be elected.
constexpr Millis kStartJitter{50};

}  // namespace

Result<Raft> Raft::create(Options options, VoterSet voters, const Found& found,
                          std::uint64_t seed) {
    State state;
    state.self = options.self;
    state.history = VoterHistory(std::move(voters), found.voters);
    state.election = found.election;
    state.epochs = Epochs(found.epochs);
    state.log_start = found.log_start;
    state.log_end = state.synced_end = found.log_end;
    state.snapshots = found.snapshots;
    state.high_watermark = found.log_start;
    if (!found.snapshots.empty()) {
        const SnapshotId& latest = found.snapshots.back().id;
        if (latest.end > found.log_end) {
            return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                        "the metadata log ends at offset " + std::to_string(found.log_end.value()) +
                            ", before its latest snapshot (" + std::to_string(latest.end.value()) +
                            "); it was damaged, or parts of it were deleted");
        }
        state.high_watermark = std::max(state.high_watermark, latest.end);
    }
    // A quorum-state that is behind the log (restored from a backup, or deleted) must not lead to
    // an epoch being used twice.
    if (state.election.epoch < state.last_epoch()) state.election = {.epoch = state.last_epoch()};
    if (state.election.leader == state.self.id) {
        state.role = Resigned{.until = MonoTime::max()};
    } else if (state.election.leader != kNoBroker) {
        state.role = Follower{.fetch_until = MonoTime::max()};
    } else {
        state.role = Unattached{.election_at = MonoTime::max()};
    }
    if (const auto broken = check_invariants(state)) {
        return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                    "the metadata log was damaged, or parts of it were deleted: " +
                        std::string(*broken) + " does not hold");
    }
    return Raft(std::move(options), std::move(state), seed);
}

Ready Raft::step(const Input& input, MonoTime now) {
    const LeaderEpoch epoch_before = state_.election.epoch;
    const Offset committed_before = state_.high_watermark;
    const Leadership leadership_before = told(state_);
    MILENA_ASSERT(now >= now_);
    now_ = now;
    ready_ = {};

    std::visit([&](const auto& event) { apply(event); }, input);
    on_time();
    drive();

    MILENA_ASSERT(!check_invariants(state_));
    MILENA_ASSERT(state_.election.epoch >= epoch_before);
    MILENA_ASSERT(state_.high_watermark >= committed_before);
    MILENA_ASSERT(!ready_.truncate_to || *ready_.truncate_to >= committed_before);
    if (state_.high_watermark > committed_before) ready_.high_watermark = state_.high_watermark;
    if (auto leadership = told(state_); leadership != leadership_before) {
        ready_.leadership = std::move(leadership);
    }
    ready_.deadline = next_deadline();
    MILENA_ASSERT(ready_.deadline > now_);
    return std::exchange(ready_, {});
}

// Alone, this node leads at once. Among others it joins the leader that it knew, or asks for
// pre-votes soon: who has a leader refuses.
void Raft::apply(const Start&) {
    MILENA_ASSERT(!state_.is_leader());
    if (state_.voters().is_only(state_.self.key())) return become_prospective();
    const auto jitter = static_cast<std::uint64_t>(Nanos(kStartJitter).count());
    const MonoTime soon = now_ + Nanos(static_cast<std::int64_t>(1 + random_.below(jitter)));
    if (auto* follower = std::get_if<Follower>(&state_.role)) {
        // Time for one fetch, and for a connection before it.
        const Nanos patience = state_.is_voter() ? Nanos(2 * kStartJitter) : options_.fetch_timeout;
        follower->fetch_until = soon + patience;
        return;
    }
    const bool led = state_.election.leader == state_.self.id;
    become_unattached(led ? state_.election.epoch + 1 : state_.election.epoch);
    std::get<Unattached>(state_.role).election_at = soon;
}

void Raft::apply(const Received& input) {
    std::visit([&](const auto& request) { on(input.token, request); }, input.request);
}

// What nobody waits for any more (an earlier epoch's, a duplicate) is dropped.
void Raft::apply(const Answered& input) {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const UnderWay& one) { return one.id == input.id; });
    if (found == under_way_.end()) return;
    const BrokerId from = found->to;
    under_way_.erase(found);
    std::visit(
        [&](const auto& response) {
            learn(response.leadership);
            on(from, response);
        },
        input.response);
}

void Raft::on_time() {
    give_up_late_requests();
    if (auto* unattached = std::get_if<Unattached>(&state_.role)) {
        if (state_.is_voter() && !stopping_ && now_ >= unattached->election_at) {
            become_prospective();
        }
    } else if (auto* prospective = std::get_if<Prospective>(&state_.role)) {
        if (now_ >= prospective->until) end_prospective();
    } else if (auto* candidate = std::get_if<Candidate>(&state_.role)) {
        if (now_ >= candidate->until) become_prospective();
    } else if (auto* follower = std::get_if<Follower>(&state_.role)) {
        if (now_ >= follower->fetch_until) become_prospective();
    } else if (auto* resigned = std::get_if<Resigned>(&state_.role)) {
        if (now_ >= resigned->until) become_unattached(state_.election.epoch + 1);
    } else {
        leader_on_time();
    }
}

// Sends whatever is due. Asking again what is under way does nothing, so that every step may end
// with this.
void Raft::drive() {
    if (std::holds_alternative<Leader>(state_.role)) {
        finish_voter_change();
        answer_parked();
    }
    if (auto* leader = std::get_if<Leader>(&state_.role)) {
        drive_leader(*leader);
    } else if (auto* prospective = std::get_if<Prospective>(&state_.role)) {
        ask_for_votes(prospective->votes, Ballot::pre_vote);
    } else if (auto* candidate = std::get_if<Candidate>(&state_.role)) {
        ask_for_votes(candidate->votes, Ballot::vote);
    } else if (auto* follower = std::get_if<Follower>(&state_.role)) {
        drive_follower(*follower);
    } else if (std::holds_alternative<Unattached>(state_.role)) {
        drive_unattached();
    } else {
        const auto& resigned = std::get<Resigned>(state_.role);
        for (const BrokerId voter : resigned.untold) {
            ask(voter, EndQuorumEpochRequest{state_.leadership(), resigned.preferred});
        }
    }
}

MonoTime Raft::next_deadline() const {
    MonoTime next = next_request_deadline();
    const auto at = [&](MonoTime time) {
        if (time > now_) next = std::min(next, time);
    };
    if (const auto* unattached = std::get_if<Unattached>(&state_.role)) {
        if (state_.is_voter() && !stopping_) at(unattached->election_at);
    } else if (const auto* prospective = std::get_if<Prospective>(&state_.role)) {
        at(prospective->until);
    } else if (const auto* candidate = std::get_if<Candidate>(&state_.role)) {
        at(candidate->until);
    } else if (const auto* follower = std::get_if<Follower>(&state_.role)) {
        at(follower->fetch_until);
    } else if (const auto* resigned = std::get_if<Resigned>(&state_.role)) {
        at(resigned->until);
    } else {
        const auto& leader = std::get<Leader>(state_.role);
        at(check_quorum_at(leader));
        for (const auto& parked : leader.parked) at(parked.until);
        for (const auto& [voter, told_at] : leader.begun) at(told_at + options_.fetch_timeout / 2);
        for (const auto& replica : leader.replicas) {
            if (replica.last_fetch) at(*replica.last_fetch + options_.fetch_timeout / 2);
        }
        if (leader.change) at(leader.change->until);
    }
    return next;
}

std::optional<MonoTime> Raft::lease_until() const {
    const auto* leader = std::get_if<Leader>(&state_.role);
    if (!leader || !state_.is_established()) return std::nullopt;
    const MonoTime contact = majority_contact(*leader, Contact::lease);
    if (contact == MonoTime::min()) return std::nullopt;
    if (contact == MonoTime::max()) return contact;
    // Clocks may run apart by a tenth each.
    return contact + options_.fetch_timeout * 4 / 5;
}

}  // namespace milena::raft
