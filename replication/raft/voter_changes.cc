// Who votes (KIP-853): one change at a time, in force as soon as it is appended, answered when it
// is committed by the new voters.
#include "replication/raft/raft.h"
#include "replication/raft/voters_record.h"

#include <algorithm>

namespace milena::raft {
namespace {

std::string name_of(const ReplicaKey& key) {
    return std::to_string(key.id.value()) + " with directory " + key.directory.value().to_string();
}

constexpr Millis kRemovalTimeout{30'000};

}  // namespace

// What stands against any change now (raft/.../internals/{Add,Remove}VoterHandler.java).
std::optional<ChangeVotersResponse> Raft::cannot_change_voters() const {
    ChangeVotersResponse response{.leadership = state_.leadership()};
    const auto* leader = std::get_if<Leader>(&state_.role);
    if (!leader) {
        response.error = ErrorCode::NOT_LEADER_OR_FOLLOWER;
        response.message = "this node does not lead the metadata quorum";
    } else if (leader->change) {
        response.error = ErrorCode::REQUEST_TIMED_OUT;
        response.message = "another change of the voters is under way; retry";
    } else if (!state_.is_established()) {
        response.error = ErrorCode::REQUEST_TIMED_OUT;
        response.message = "the leader has committed nothing in its epoch yet; retry";
    } else if (state_.voters().kraft_version < 1) {
        response.error = ErrorCode::UNSUPPORTED_VERSION;
        response.message =
            "the voters are those of controller.quorum.voters while kraft.version is 0";
    } else if (state_.history.latest_at() >= state_.high_watermark) {
        response.error = ErrorCode::REQUEST_TIMED_OUT;
        response.message = "the last change of the voters is not committed; retry";
    } else {
        return std::nullopt;
    }
    return response;
}

void Raft::on(RequestToken token, const AddVoterRequest& request) {
    if (auto refused = cannot_change_voters()) return reply(token, std::move(*refused));
    ChangeVotersResponse response{.leadership = state_.leadership()};
    const auto& leader = std::get<Leader>(state_.role);
    const VoterSet& voters = state_.voters();
    const auto* replica = leader.find(request.voter.key());
    const bool caught_up = replica && replica->last_fetch &&
                           now_ - replica->last_caught_up < 2 * options_.fetch_timeout &&
                           replica->end != kNoOffset;
    if (request.voter.id.value() < 0 || request.voter.directory.value().is_zero() ||
        request.voter.endpoints.empty()) {
        response.error = ErrorCode::INVALID_REQUEST;
        response.message = "a voter needs an id, a directory id and an endpoint";
    } else if (voters.contains(request.voter.id)) {
        response.error = ErrorCode::DUPLICATE_VOTER;
        response.message = "node " + std::to_string(request.voter.id.value()) +
                           " is a voter already; remove it first";
    } else if (request.voter.kraft_versions.min > voters.kraft_version ||
               request.voter.kraft_versions.max < voters.kraft_version) {
        response.error = ErrorCode::INVALID_REQUEST;
        response.message = "node " + name_of(request.voter.key()) +
                           " does not support kraft.version " +
                           std::to_string(voters.kraft_version);
    } else if (!caught_up) {
        response.error = ErrorCode::REQUEST_TIMED_OUT;
        response.message = "node " + name_of(request.voter.key()) +
                           " has not caught up with the leader; retry when it has";
    }
    if (response.error != ErrorCode::NONE) return reply(token, std::move(response));
    VoterSet changed = voters;
    changed.voters.push_back(request.voter);
    change_voters(token, std::move(changed), request.timeout, request.ack);
}

void Raft::on(RequestToken token, const RemoveVoterRequest& request) {
    if (auto refused = cannot_change_voters()) return reply(token, std::move(*refused));
    ChangeVotersResponse response{.leadership = state_.leadership()};
    VoterSet changed = state_.voters();
    const auto removed = std::erase_if(
        changed.voters, [&](const Voter& voter) { return voter.key() == request.voter; });
    if (removed == 0) {
        response.error = ErrorCode::VOTER_NOT_FOUND;
        response.message = "node " + name_of(request.voter) + " is no voter";
    } else if (changed.voters.empty()) {
        response.error = ErrorCode::INVALID_REQUEST;
        response.message = "node " + name_of(request.voter) +
                           " is the only voter; add another before it is removed";
    }
    if (response.error != ErrorCode::NONE) return reply(token, std::move(response));
    change_voters(token, std::move(changed), kRemovalTimeout, AckVoters::when_committed);
}

void Raft::on(RequestToken token, const UpdateVoterRequest& request) {
    ChangeVotersResponse response{.error = leader_request_error(request.epoch),
                                  .leadership = state_.leadership()};
    if (response.error != ErrorCode::NONE) return reply(token, std::move(response));
    if (auto refused = cannot_change_voters()) return reply(token, std::move(*refused));
    VoterSet changed = state_.voters();
    const auto found =
        std::find_if(changed.voters.begin(), changed.voters.end(),
                     [&](const Voter& voter) { return voter.key() == request.voter.key(); });
    if (found == changed.voters.end()) {
        response.error = ErrorCode::VOTER_NOT_FOUND;
        response.message = "node " + name_of(request.voter.key()) + " is no voter";
    } else if (request.voter.endpoints.empty() ||
               request.voter.kraft_versions.min > changed.kraft_version ||
               request.voter.kraft_versions.max < changed.kraft_version) {
        response.error = ErrorCode::INVALID_REQUEST;
        response.message = "a voter needs an endpoint, and to support kraft.version " +
                           std::to_string(changed.kraft_version);
    }
    if (response.error != ErrorCode::NONE || *found == request.voter) {
        return reply(token, std::move(response));
    }
    *found = request.voter;
    change_voters(token, std::move(changed), options_.request_timeout, AckVoters::when_committed);
}

void Raft::change_voters(RequestToken token, VoterSet voters, Millis timeout, AckVoters ack) {
    Append batch;
    batch.control.push_back(ControlType::kraft_voters);
    batch.values.add(encode_voters(voters));
    state_.history.appended(state_.log_end, std::move(voters));
    append(std::move(batch));
    if (ack == AckVoters::when_appended) {
        return reply(token, ChangeVotersResponse{.leadership = state_.leadership()});
    }
    std::get<Leader>(state_.role).change =
        VoterChange{token, state_.log_end, now_ + std::max(timeout, Millis(1))};
}

// Also ends the leadership of a leader that is no voter any more, once that is committed.
void Raft::finish_voter_change() {
    auto& leader = std::get<Leader>(state_.role);
    if (leader.change && state_.high_watermark >= leader.change->end) {
        reply(leader.change->token, ChangeVotersResponse{.leadership = state_.leadership()});
        leader.change.reset();
    } else if (leader.change && now_ >= leader.change->until) {
        reply(leader.change->token,
              ChangeVotersResponse{ErrorCode::REQUEST_TIMED_OUT,
                                   "the change was written, but is not committed in time",
                                   state_.leadership()});
        leader.change.reset();
    }
    if (!state_.is_voter() && state_.history.latest_at() < state_.high_watermark) {
        answer_parked();
        resign();
    }
}

// A voter whose addresses are not those in the log says so to its leader. True: that is sent, or
// under way, in place of a fetch.
bool Raft::send_own_endpoints() {
    const Voter* logged = state_.voters().find(state_.self.id);
    if (state_.voters().kraft_version < 1 || !logged || logged->key() != state_.self.key() ||
        state_.self.endpoints.empty() || *logged == state_.self || now_ < tell_endpoints_at_ ||
        !std::get<Follower>(state_.role).has_fetched) {
        return false;
    }
    if (!ask(state_.election.leader, UpdateVoterRequest{state_.election.epoch, state_.self})) {
        return false;
    }
    tell_endpoints_at_ = now_ + options_.fetch_timeout;
    return true;
}

void Raft::on(BrokerId from, const ChangeVotersResponse& response) {
    if (response.error != ErrorCode::NONE) back_off(from);
}

}  // namespace milena::raft
