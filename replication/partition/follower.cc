// A follower: its log becomes a prefix of its leader's, and only then its marks follow.
#include "protocol/base/assert.h"
#include "replication/partition/partition.h"
#include "replication/partition/truncation.h"

#include <algorithm>

namespace milena::partition {

std::optional<FetchPosition> Partition::fetch_position() const {
    if (state_.role != Role::follower || state_.leader == kNoBroker) return std::nullopt;
    if (state_.following.log_is_changing) return std::nullopt;
    if (state_.settings.durability == Durability::disk && state_.synced_end < state_.log_end) {
        return std::nullopt;
    }
    return FetchPosition{.leader_epoch = state_.leader_epoch,
                         .offset = state_.log_end,
                         .last_fetched_epoch = state_.last_epoch,
                         .log_start = state_.log_start};
}

void Partition::apply(const FetchReply& input, MonoTime, Ready& ready) {
    auto& following = state_.following;
    if (state_.role != Role::follower || input.leader_epoch != state_.leader_epoch) return;
    if (following.log_is_changing || input.offset != state_.log_end) return;
    if (input.diverging) {
        if (input.diverging->epoch < LeaderEpoch(0) || input.diverging->end < Offset(0)) return;
        const Offset end = truncation_point(*input.diverging, input.ours, state_.log_end);
        // What the leader has deleted cannot be compared any more: none of it is kept.
        if (input.log_start > state_.log_start && input.log_start >= end) {
            following.log_is_changing = true;
            ready.start_at = input.log_start;
        } else {
            cut(end, ready);
        }
        return;
    }
    following.leader_high_watermark = input.high_watermark;
    following.leader_log_start = input.log_start;
    if (!input.has_records) {
        follow_leader(ready);
        return;
    }
    following.log_is_changing = true;
    ready.append_limit = state_.leader_epoch;
}

void Partition::apply(const Replicated& input, MonoTime, Ready& ready) {
    // The role may have changed while the log was written to.
    if (state_.role != Role::follower || !state_.following.log_is_changing) return;
    MILENA_ASSERT(input.end >= state_.log_end);
    state_.following.log_is_changing = false;
    state_.log_end = input.end;
    state_.last_epoch = input.last_epoch;
    follow_leader(ready);
    want_sync(ready);
}

// Also at the very end of the log: what the log knows of epochs that begin there has to go, or the
// next fetch would name such an epoch again (KAFKA-10706).
void Partition::cut(Offset to, Ready& ready) {
    state_.following.log_is_changing = true;
    (to < state_.log_start ? ready.start_at : ready.truncate_to) = to;
}

void Partition::apply(const Truncated& input, MonoTime, Ready& ready) {
    if (state_.role != Role::follower || !state_.following.log_is_changing) return;
    state_.following = {};
    state_.log_start = input.start;
    state_.log_end = input.end;
    state_.synced_end = std::clamp(state_.synced_end, input.start, input.end);
    state_.last_epoch = input.last_epoch;
    // What was committed is cut only after an unclean election.
    state_.high_watermark = std::clamp(state_.high_watermark, input.start, input.end);
    state_.acknowledged = std::min(state_.acknowledged, state_.high_watermark);
    want_sync(ready);
}

void Partition::apply(const OutOfRange& input, MonoTime, Ready& ready) {
    if (state_.role != Role::follower || input.leader_epoch != state_.leader_epoch) return;
    if (state_.following.log_is_changing) return;
    if (input.leader_start < Offset(0) || input.leader_end < input.leader_start) return;
    if (input.leader_end < state_.log_end) {
        cut(input.leader_end, ready);
    } else if (input.leader_start > state_.log_end) {
        state_.following.log_is_changing = true;
        ready.start_at = input.leader_start;
    }
}

// The leader's marks, as far as this log reaches. Only behind a reply that did not diverge: before
// that the log may end in records that were never committed (KAFKA-14704).
void Partition::follow_leader(Ready& ready) {
    const auto& following = state_.following;
    const Offset committed = std::min(following.leader_high_watermark, state_.log_end);
    if (committed > state_.high_watermark) {
        state_.high_watermark = committed;
        ready.high_watermark = committed;
    }
    const Offset start = std::min(following.leader_log_start, state_.high_watermark);
    if (start > state_.log_start) {
        state_.log_start = start;
        ready.log_start = start;
    }
}

void Partition::want_sync(Ready& ready) const {
    ready.sync = state_.role == Role::follower && state_.settings.durability == Durability::disk &&
                 state_.synced_end < state_.log_end;
}

}  // namespace milena::partition
