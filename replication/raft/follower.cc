// Following: fetch, truncate where the leader's log diverges, append, sync, and acknowledge that
// with the next fetch.
#include "protocol/record/batch_view.h"
#include "replication/raft/raft.h"
#include "replication/raft/voters_record.h"

#include <algorithm>

namespace milena::raft {

// The offset of a fetch says what is on disk here, so that it waits for the sync. A fetch that does
// not tell the high watermark says that the one before was not answered, or was none.
void Raft::drive_follower(Follower& follower) {
    const BrokerId leader = state_.election.leader;
    if (follower.snapshot) {
        if (follower.snapshot->complete) return;
        ask(leader, FetchSnapshotRequest{.replica = state_.self.key(),
                                         .epoch = state_.election.epoch,
                                         .id = follower.snapshot->id,
                                         .position = follower.snapshot->position,
                                         .max_bytes = options_.fetch_max_bytes});
        return;
    }
    if (state_.synced_end != state_.log_end || send_own_endpoints()) return;
    ask(leader, FetchRequest{.replica = state_.self.key(),
                             .epoch = state_.election.epoch,
                             .offset = state_.log_end,
                             .last_epoch = state_.end().epoch,
                             .high_watermark =
                                 follower.in_touch ? state_.high_watermark : kUntoldHighWatermark,
                             .max_wait = follower.in_touch ? options_.fetch_max_wait : Millis(0),
                             .max_bytes = options_.fetch_max_bytes});
}

// An observer asks any voter that it knows of who leads, or whom it was told to ask at first.
void Raft::drive_unattached() {
    if (state_.is_voter() || !under_way_.empty()) return;
    std::vector<BrokerId> known;
    for (const Voter& voter : state_.voters().voters) {
        if (voter.id != state_.self.id) known.push_back(voter.id);
    }
    for (const BrokerId id : options_.bootstrap) {
        if (id != state_.self.id) known.push_back(id);
    }
    if (known.empty()) return;
    ask(known[random_.below(known.size())], FetchRequest{.replica = state_.self.key(),
                                                         .epoch = state_.election.epoch,
                                                         .offset = state_.log_end,
                                                         .last_epoch = state_.end().epoch,
                                                         .high_watermark = state_.high_watermark,
                                                         .max_bytes = options_.fetch_max_bytes});
}

void Raft::on(BrokerId from, const FetchResponse& response) {
    auto* follower = std::get_if<Follower>(&state_.role);
    if (!follower || from != state_.election.leader) return back_off(from);
    if (response.error != ErrorCode::NONE || response.leadership.epoch != state_.election.epoch) {
        back_off(from);
        // It says itself that it leads no more, or was started anew.
        if (response.error == ErrorCode::NOT_LEADER_OR_FOLLOWER &&
            response.leadership.epoch == state_.election.epoch) {
            begin_fast_election(turn_after(from));
        }
        return;
    }
    follower->fetch_until = now_ + patience_with(state_.election.leader);
    follower->has_fetched = true;
    follower->in_touch = true;
    follower->leader_lost = false;
    lost_elections_ = 0;
    if (response.diverging) {
        if (!truncate(*response.diverging)) back_off(from);
    } else if (response.snapshot) {
        if (response.snapshot->end < state_.high_watermark) return back_off(from);
        follower->snapshot = SnapshotFetch{.id = *response.snapshot};
    } else {
        if (!append_fetched(response.records)) back_off(from);
        follower->high_watermark = std::max(follower->high_watermark, response.high_watermark);
        follow_high_watermark(follower->high_watermark);
    }
}

// False when nothing was cut: the leader contradicts itself.
bool Raft::truncate(const EpochEnd& diverging) {
    const EpochEnd mine = state_.epochs.end_of(diverging.epoch, state_.log_end);
    const Offset end = mine.epoch == diverging.epoch ? std::min(mine.end, diverging.end) : mine.end;
    if (end >= state_.log_end) return false;
    if (end < state_.high_watermark) {
        ready_.fatal = Error{
            ErrorCode::KAFKA_STORAGE_ERROR,
            "the metadata log of leader " + std::to_string(state_.election.leader.value()) +
                " (epoch " + std::to_string(state_.election.epoch.value()) +
                ") diverges at offset " + std::to_string(end.value()) +
                ", below what this node knows to be committed (" +
                std::to_string(state_.high_watermark.value()) +
                "): the disk of one of them lost data; compare their directories before starting "
                "either anew"};
        return false;
    }
    state_.log_end = end;
    state_.synced_end = std::min(state_.synced_end, end);
    state_.epochs.truncated(end);
    state_.history.truncated(end);
    ready_.truncate_to = end;
    return true;
}

// Takes the batches up to the first that is damaged, out of order, or of an epoch that this leader
// cannot have (KAFKA-18723). False when that is the very first.
bool Raft::append_fetched(ByteView records) {
    BatchSplitter split(records);
    const Offset base = state_.log_end;
    std::size_t taken = 0;
    while (split.next()) {
        const BatchView batch = split.batch();
        if (batch.base_offset() != state_.log_end || batch.last_offset_delta() < 0 ||
            batch.leader_epoch() < state_.last_epoch() ||
            batch.leader_epoch() > state_.election.epoch || !batch.crc_matches()) {
            break;
        }
        auto voters = voters_in(batch, state_.voters());
        if (!voters) break;
        if (*voters) state_.history.appended(batch.base_offset(), std::move(**voters));
        state_.epochs.appended(batch.leader_epoch(), batch.base_offset());
        state_.log_end = batch.last_offset() + 1;
        taken += batch.size();
    }
    if (taken > 0) {
        ready_.append_fetched = AppendFetched{base, state_.log_end, records.first(taken)};
    }
    return taken > 0 || records.empty();
}

void Raft::follow_high_watermark(Offset high_watermark) {
    state_.high_watermark =
        std::max(state_.high_watermark, std::min(high_watermark, state_.synced_end));
}

}  // namespace milena::raft
