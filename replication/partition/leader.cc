// A leader's marks: how far its followers are, what is committed, what is acknowledged.
#include "protocol/base/assert.h"
#include "replication/partition/partition.h"
#include "replication/partition/truncation.h"

#include <algorithm>

namespace milena::partition {

// Nothing that was known of a follower in another leader epoch counts: it may have cut its log
// since. Nor of one out of sync when the partition has changed: it may have been taken off its
// broker and put there again, empty.
void Partition::reset_followers(bool new_epoch, MonoTime now) {
    std::vector<Follower> followers;
    for (const auto id : state_.replicas) {
        if (id == state_.self) continue;
        const bool keep = !new_epoch && state_.in_isr(id);
        const Follower* known = keep ? state_.follower(id) : nullptr;
        followers.push_back(known != nullptr ? *known : Follower{.id = id});
        if (known == nullptr && state_.in_isr(id)) followers.back().last_caught_up = now;
    }
    state_.followers = std::move(followers);
}

void Partition::apply(const Appended& input, MonoTime now, Ready& ready) {
    MILENA_ASSERT(state_.role == Role::leader && input.end >= state_.log_end);
    state_.log_end = input.end;
    advance(now, ready);
}

void Partition::apply(const LogStartMoved& input, MonoTime, Ready& ready) {
    state_.log_start = std::max(state_.log_start, input.log_start);
    advance_low_watermark(ready);
}

void Partition::apply(const Fetched& input, MonoTime now, Ready& ready) {
    if (state_.role != Role::leader || input.leader_epoch != state_.leader_epoch) return;
    const auto found =
        std::find_if(state_.followers.begin(), state_.followers.end(),
                     [&](const Follower& known) { return known.id == input.replica; });
    if (found == state_.followers.end()) return;
    if (input.broker_epoch.value() != -1) {
        // From an earlier life of that broker (KIP-903).
        const BrokerView* view = state_.broker(input.replica);
        if (view != nullptr && input.broker_epoch.value() < view->epoch.value()) return;
        if (input.broker_epoch.value() < found->broker_epoch.value()) return;
    }
    if (input.offset < state_.log_start || input.offset > state_.log_end) return;
    if (find_divergence(input.offset, input.last_fetched_epoch, input.ours)) return;

    if (input.offset >= state_.log_end) {
        found->last_caught_up = std::max(found->last_caught_up, now);
    } else if (found->leader_end_at_last_fetch != kNoOffset &&
               input.offset >= found->leader_end_at_last_fetch) {
        found->last_caught_up = std::max(found->last_caught_up, found->last_fetch);
    }
    found->log_end = input.offset;
    found->log_start = input.log_start;
    found->broker_epoch = input.broker_epoch;
    found->leader_end_at_last_fetch = state_.log_end;
    found->last_fetch = std::max(found->last_fetch, now);
    propose_if_needed(now, ready);
    advance(now, ready);
}

// The high watermark is the lowest log end among the maximal ISR: the ISR with whoever may be in it
// once the controller's answer is known (KIP-497). It also waits for a replica that has caught up
// and is about to join. It stands still while the ISR is smaller than min.insync.replicas asks for
// (KIP-966).
void Partition::advance(MonoTime now, Ready& ready) {
    if (state_.role != Role::leader) return;
    if (state_.has_enough_isr()) {
        Offset committed = state_.log_end;
        for (const auto& follower : state_.followers) {
            if (follower.log_end >= committed) continue;
            const bool about_to_join =
                is_eligible(follower) &&
                follower.is_caught_up(state_.log_end, now, state_.settings.replica_lag_time_max);
            if (about_to_join || state_.in_maximal_isr(follower.id)) committed = follower.log_end;
        }
        if (committed > state_.high_watermark) {
            state_.high_watermark = committed;
            ready.high_watermark = committed;
        }
    }
    advance_acknowledged(ready);
    advance_low_watermark(ready);
}

// With Durability::disk a follower's log end is what it has synced. The high watermark does not say
// as much: it moves when all hold the records, and a leader that takes over may find some of the
// ISR, its predecessor for one, still syncing. So whoever is in sync is heard of first.
void Partition::advance_acknowledged(Ready& ready) {
    Offset promised = state_.high_watermark;
    if (state_.settings.durability == Durability::disk) {
        promised = std::min(promised, state_.synced_end);
        for (const auto& follower : state_.followers) {
            if (state_.in_maximal_isr(follower.id)) promised = std::min(promised, follower.log_end);
        }
    }
    if (promised > state_.acknowledged) {
        state_.acknowledged = promised;
        ready.acknowledged = promised;
    }
}

// Brokers that are gone do not hold up a DeleteRecords; they follow when they come back.
void Partition::advance_low_watermark(Ready& ready) {
    if (state_.role != Role::leader) return;
    Offset lowest = state_.log_start;
    for (const auto& follower : state_.followers) {
        const BrokerView* view = state_.broker(follower.id);
        if (view != nullptr && view->alive) lowest = std::min(lowest, follower.log_start);
    }
    if (lowest > state_.low_watermark) {
        state_.low_watermark = lowest;
        ready.low_watermark = lowest;
    }
}

}  // namespace milena::partition
