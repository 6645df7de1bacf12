// A Ready, in the order that raft/io.h asks for. What cannot be done ends all work, but for what a
// full disk refuses.
#include "broker/quorum/rounds.h"

namespace milena::quorum {

void Rounds::perform(const raft::Ready& ready) {
    if (ready.fatal) return fail_for_good(*ready.fatal);
    if (ready.election) {
        if (!check(log_->write_election(*ready.election, raft_->state().voters()))) return;
    }
    if (ready.truncate_to && !check(log_->truncate(*ready.truncate_to, now()))) return;
    if (!append(ready)) return;
    if (ready.snapshot_chunk) {
        take_chunk(*ready.snapshot_chunk);
        if (failed_) return;
    }
    for (const raft::Send& request : ready.requests) send(request);
    for (const raft::Reply& reply : ready.replies) answer(reply);
    if (ready.trim_to && !check(log_->trim_to(*ready.trim_to, now()))) return;
    raft_deadline_ = ready.deadline;
}

// False when all work has ended.
bool Rounds::append(const raft::Ready& ready) {
    for (const raft::Append& batch : ready.append) {
        if (auto status = log_->append(batch, now()); !status) {
            // Without its first record, the epoch cannot begin.
            if (log_->broken() || ready.election) return check(std::move(status));
            refused(batch.base_offset, std::move(status).error());
            return true;
        }
    }
    if (!ready.append_fetched) return true;
    if (auto status = log_->append(*ready.append_fetched, now()); !status) {
        if (log_->broken()) return check(std::move(status));
        refused(ready.append_fetched->base_offset, std::move(status).error());
    } else {
        MILENA_ASSERT(log_->end() == ready.append_fetched->end);
    }
    return true;
}

void Rounds::refused(Offset from, Error why) {
    follow_ups_.push_back(raft::Refused{from});
    fail_pending_from(from, why);
    refused_ = std::move(why);
}

void Rounds::take_chunk(const raft::SnapshotChunk& chunk) {
    if (!check(log_->write_chunk(chunk)) || !chunk.is_last) return;
    std::uint64_t size = 0;
    std::optional<raft::VoterSet> voters;
    auto change = committed_.take_over(*log_, chunk.id, *image(), now(), size, voters);
    if (change) {
        replayed_.reset();
        publish(image(), std::move(*change));
        follow_ups_.push_back(raft::SnapshotLoaded{chunk.id, size, std::move(voters)});
    } else if (change.error().code == ErrorCode::KAFKA_STORAGE_ERROR) {
        fail_for_good(std::move(change).error());
    } else {
        follow_ups_.push_back(raft::SnapshotRefused{chunk.id});
    }
}

void Rounds::answer(const raft::Reply& reply) {
    const auto found = asked_.find(reply.token);
    if (found == asked_.end()) return;  // this node's own voter change
    auto done = std::move(found->second);
    asked_.erase(found);
    Result<std::vector<std::uint8_t>> bytes;
    if (const auto* range = std::get_if<raft::ReadLog>(&reply.read)) {
        bytes = log_->read(*range);
    } else if (const auto* part = std::get_if<raft::ReadSnapshot>(&reply.read)) {
        bytes = log_->read(*part);
    }
    if (!bytes) return done(std::unexpected(std::move(bytes).error()), {});
    done(reply.response, std::move(*bytes));
}

void Rounds::send(const raft::Send& request) {
    if (network_ == nullptr) return;
    const auto& state = raft_->state();
    const raft::Voter* voter = state.voters().find(request.to);
    std::optional<net::RemoteAddress> where;
    if (voter != nullptr && !voter->endpoints.empty()) {
        where = {voter->endpoints.front().host, voter->endpoints.front().port};
    } else if (state.election.leader == request.to && !state.leader_endpoints.empty()) {
        where = {state.leader_endpoints.front().host, state.leader_endpoints.front().port};
    }
    network_->send(request, std::move(where));
}

}  // namespace milena::quorum
