// Snapshots (KIP-630): a replica whose log ends before its leader's begins takes the leader's
// snapshot in chunks. The last two are kept; the log begins at the older one.
#include "protocol/base/assert.h"
#include "replication/raft/raft.h"

#include <algorithm>

namespace milena::raft {
namespace {

// The latest, and one for those that are about to fetch it, or to fall back on.
constexpr std::size_t kKeptSnapshots = 2;

}  // namespace

void Raft::on(RequestToken token, const FetchSnapshotRequest& request) {
    FetchSnapshotResponse response{.error = leader_request_error(request.epoch),
                                   .leadership = state_.leadership(),
                                   .id = request.id};
    if (response.error != ErrorCode::NONE) return reply(token, std::move(response));
    auto& leader = std::get<Leader>(state_.role);
    if (request.replica.id != kNoBroker && request.replica.id != state_.self.id) {
        ReplicaState& from = replica(leader, request.replica);
        from.last_answer.reset();
        touch(leader, from);
    }
    const auto found = std::find_if(state_.snapshots.begin(), state_.snapshots.end(),
                                    [&](const auto& one) { return one.id == request.id; });
    if (found == state_.snapshots.end()) {
        response.error = ErrorCode::SNAPSHOT_NOT_FOUND;
    } else if (request.position >= found->size) {
        response.error = ErrorCode::POSITION_OUT_OF_RANGE;
    }
    if (response.error != ErrorCode::NONE) return reply(token, std::move(response));
    response.size = found->size;
    response.position = request.position;
    const auto most = static_cast<std::uint64_t>(std::max(request.max_bytes, 1));
    ready_.replies.push_back({token, std::move(response),
                              ReadSnapshot{request.id, request.position,
                                           std::min(most, found->size - request.position)}});
}

void Raft::on(BrokerId from, const FetchSnapshotResponse& response) {
    auto* follower = std::get_if<Follower>(&state_.role);
    if (!follower || from != state_.election.leader || !follower->snapshot) return;
    SnapshotFetch& fetch = *follower->snapshot;
    const std::uint64_t end = response.position + response.bytes.size();
    if (response.error != ErrorCode::NONE || response.id != fetch.id ||
        response.position != fetch.position || response.bytes.empty() || end > response.size) {
        // The leader may have a newer one by now: the next fetch says.
        follower->snapshot.reset();
        return back_off(from);
    }
    follower->fetch_until = now_ + patience_with(state_.election.leader);
    follower->has_fetched = true;
    follower->leader_lost = false;
    fetch.complete = end == response.size;
    ready_.snapshot_chunk = SnapshotChunk{fetch.id, fetch.position, response.bytes, fetch.complete};
    fetch.position = end;
}

void Raft::apply(const SnapshotWritten& input) {
    MILENA_ASSERT(input.id.end <= state_.high_watermark);
    if (!state_.snapshots.empty() && input.id <= state_.snapshots.back().id) return;
    state_.snapshots.push_back({input.id, input.size});
    keep_snapshots();
}

void Raft::keep_snapshots() {
    while (state_.snapshots.size() > kKeptSnapshots) {
        state_.snapshots.erase(state_.snapshots.begin());
    }
    const SnapshotId oldest = state_.snapshots.front().id;
    if (state_.snapshots.size() < kKeptSnapshots || oldest.end <= state_.log_start) return;
    state_.log_start = oldest.end;
    state_.epochs.begin_at(oldest.end, oldest.epoch);
    state_.history.trimmed(oldest.end);
    ready_.trim_to = oldest;
}

void Raft::apply(const SnapshotLoaded& input) {
    auto* follower = std::get_if<Follower>(&state_.role);
    MILENA_ASSERT(follower && follower->snapshot && follower->snapshot->complete);
    MILENA_ASSERT(follower->snapshot->id == input.id);
    MILENA_ASSERT(input.id.end >= state_.high_watermark);
    follower->snapshot.reset();
    state_.log_start = state_.log_end = state_.synced_end = input.id.end;
    state_.high_watermark = input.id.end;
    state_.epochs = Epochs();
    state_.epochs.begin_at(input.id.end, input.id.epoch);
    state_.history.replaced(input.voters);
    state_.snapshots = {{input.id, input.size}};
    ready_.trim_to = input.id;
}

void Raft::apply(const SnapshotRefused& input) {
    auto* follower = std::get_if<Follower>(&state_.role);
    MILENA_ASSERT(follower && follower->snapshot && follower->snapshot->id == input.id);
    follower->snapshot.reset();
    back_off(state_.election.leader);
}

}  // namespace milena::raft
