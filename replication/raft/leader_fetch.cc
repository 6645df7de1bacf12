// Fetches that a leader answers: where the logs diverge, what was appended since, what is committed
// meanwhile. Nothing is sent that is not synced here (KAFKA-10533).
#include "replication/raft/raft.h"

#include <algorithm>

namespace milena::raft {
namespace {

// Observers that have not fetched for this long are forgotten (raft/.../LeaderState.java).
constexpr Millis kObserverSession{300'000};
constexpr std::size_t kMaxReplicas = 10'000;

}  // namespace

ReplicaState& Raft::replica(Leader& leader, const ReplicaKey& key) {
    for (ReplicaState& one : leader.replicas) {
        if (one.key == key) return one;
    }
    std::erase_if(leader.replicas, [&](const ReplicaState& one) {
        return one.last_fetch && now_ - *one.last_fetch > kObserverSession &&
               !state_.voters().contains(one.key);
    });
    if (leader.replicas.size() >= kMaxReplicas) leader.replicas.pop_back();
    leader.replicas.push_back({.key = key});
    return leader.replicas.back();
}

void Raft::touch(Leader& leader, ReplicaState& replica) {
    replica.last_fetch = now_;
    std::erase_if(leader.begun, [&](const auto& one) { return one.first == replica.key.id; });
}

void Raft::on(RequestToken token, const FetchRequest& request) {
    auto error = leader_request_error(request.epoch);
    if (error == ErrorCode::NONE &&
        (request.offset.value() < 0 || request.last_epoch.value() < 0 ||
         request.last_epoch > request.epoch || request.replica.id == state_.self.id)) {
        error = ErrorCode::INVALID_REQUEST;
    }
    FetchResponse response{.error = error, .leadership = state_.leadership()};
    if (error != ErrorCode::NONE) return reply(token, std::move(response));
    auto& leader = std::get<Leader>(state_.role);
    auto divergent = divergence(request);
    if (request.replica.id != kNoBroker) {
        // Of a replica one fetch waits at most: with the next one it has given up the last.
        std::erase_if(leader.parked, [&](const ParkedFetch& one) {
            if (one.request.replica != request.replica) return false;
            answer_fetch(one.token, one.request, true);
            return true;
        });
        ReplicaState& from = replica(leader, request.replica);
        if (!divergent) {
            if (request.offset >= state_.synced_end) {
                from.last_caught_up = now_;
            } else if (request.offset >= from.end_at_last_fetch && from.last_fetch) {
                from.last_caught_up = *from.last_fetch;
            }
            from.end_at_last_fetch = state_.synced_end;
            from.end = request.offset;
        }
        const auto answered_before = std::exchange(from.last_answer, {});
        if (answered_before && request.high_watermark != kUntoldHighWatermark) {
            from.lease_from = answered_before;
        }
        touch(leader, from);
        advance_high_watermark();
    }
    if (divergent) {
        answered(request.replica);
        return reply(token, std::move(*divergent));
    }
    leader.parked.push_back({token, request, now_ + request.max_wait});
}

void Raft::answered(const ReplicaKey& key) {
    for (ReplicaState& one : std::get<Leader>(state_.role).replicas) {
        if (one.key == key) one.last_answer = now_;
    }
}

// nullopt: what the replica has is a prefix of this log (raft/.../RaftLog.java,
// validateOffsetAndEpoch).
std::optional<FetchResponse> Raft::divergence(const FetchRequest& request) const {
    const bool begins_anew = request.offset.value() == 0;
    if (begins_anew && state_.snapshots.empty()) return std::nullopt;
    FetchResponse response{.leadership = state_.leadership(),
                           .high_watermark = state_.high_watermark};
    if (!state_.snapshots.empty()) {
        const SnapshotId& earliest = state_.snapshots.front().id;
        const bool before = request.offset < state_.log_start ||
                            (state_.log_start.value() > 0 && request.last_epoch < earliest.epoch) ||
                            (state_.log_start.value() > 0 && request.offset == state_.log_start &&
                             request.last_epoch != earliest.epoch);
        if (begins_anew || before) {
            response.snapshot = state_.snapshots.back().id;
            return response;
        }
    }
    const EpochEnd end = state_.epochs.end_of(request.last_epoch, state_.log_end);
    if (end.epoch == request.last_epoch && end.end >= request.offset) return std::nullopt;
    response.diverging = end;
    return response;
}

// False: there is nothing to tell yet.
bool Raft::answer_fetch(RequestToken token, const FetchRequest& request, bool at_once) {
    const bool has_records = request.offset < state_.synced_end;
    if (!has_records && !at_once && state_.high_watermark <= request.high_watermark) return false;
    Reply answer{
        token,
        FetchResponse{.leadership = state_.leadership(), .high_watermark = state_.high_watermark},
        {}};
    if (has_records) answer.read = ReadLog{request.offset, state_.synced_end, request.max_bytes};
    answered(request.replica);
    ready_.replies.push_back(std::move(answer));
    return true;
}

void Raft::answer_parked() {
    auto* leader = std::get_if<Leader>(&state_.role);
    if (!leader) return;
    std::erase_if(leader->parked, [&](const ParkedFetch& one) {
        return answer_fetch(one.token, one.request, now_ >= one.until);
    });
}

// Leadership is over.
void Raft::refuse_parked(Leader& leader) {
    Leadership leadership = state_.leadership();
    for (const ParkedFetch& one : leader.parked) {
        reply(one.token,
              FetchResponse{.error = ErrorCode::NOT_LEADER_OR_FOLLOWER, .leadership = leadership});
    }
    leader.parked.clear();
    if (!leader.change) return;
    reply(leader.change->token,
          ChangeVotersResponse{ErrorCode::NOT_LEADER_OR_FOLLOWER,
                               "this node stopped leading before the change was committed",
                               leadership});
    leader.change.reset();
}

}  // namespace milena::raft
