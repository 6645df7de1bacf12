// Roles: what the cluster metadata makes of this replica.
#include "replication/partition/partition.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::partition {

Ready Partition::step(const Input& input, MonoTime now) {
    const bool led = state_.role == Role::leader;
    const LeaderEpoch epoch_before = state_.leader_epoch;
    const Offset committed_before = state_.high_watermark;
    Ready ready;
    std::visit([&](const auto& event) { apply(event, now, ready); }, input);
    state_.last_step = std::max(state_.last_step, now);
    MILENA_ASSERT(!check_invariants(state_));
    MILENA_ASSERT(state_.leader_epoch >= epoch_before);
    MILENA_ASSERT(!led || state_.leader_epoch != epoch_before ||
                  state_.high_watermark >= committed_before);
    return ready;
}

bool Partition::is_news(LeaderEpoch leader_epoch, PartitionEpoch partition_epoch) const {
    if (state_.role == Role::none || leader_epoch > state_.leader_epoch) return true;
    return leader_epoch == state_.leader_epoch && partition_epoch > state_.partition_epoch;
}

void Partition::take_log(const LogEnds& log) {
    state_.log_start = log.log_start;
    state_.log_end = log.log_end;
    state_.synced_end = std::min(log.synced_end, log.log_end);
    state_.last_epoch = log.last_epoch;
    // What was written down before may since have been cut: it counts only while nothing better is
    // known.
    const Offset known = state_.role == Role::none ? log.high_watermark : state_.high_watermark;
    state_.high_watermark = std::clamp(known, log.log_start, log.log_end);
    state_.acknowledged = std::min(state_.acknowledged, state_.high_watermark);
    state_.following = {};
    state_.proposal.reset();
    state_.no_proposal_before = MonoTime::min();
    state_.low_watermark = kNoOffset;
}

void Partition::apply(const BecomeLeader& input, MonoTime now, Ready& ready) {
    if (!is_news(input.leader_epoch, input.partition_epoch)) return;
    const bool led = state_.role == Role::leader;
    const bool new_epoch = !led || input.leader_epoch > state_.leader_epoch;
    ready.epoch_ended = new_epoch && led;
    if (new_epoch) {
        take_log(input.log);
        state_.leader_epoch_start = input.log.log_end;
    }
    state_.role = Role::leader;
    state_.leader = state_.self;
    state_.leader_epoch = input.leader_epoch;
    state_.partition_epoch = input.partition_epoch;
    state_.replicas = input.replicas;
    state_.isr = input.isr;
    state_.settings = input.settings;
    // The partition has changed, so what was proposed before can no longer be accepted.
    state_.proposal.reset();
    reset_followers(new_epoch, now);
    propose_if_needed(now, ready);
    advance(now, ready);
}

void Partition::apply(const BecomeFollower& input, MonoTime, Ready& ready) {
    if (!is_news(input.leader_epoch, input.partition_epoch)) return;
    const bool led = state_.role == Role::leader;
    const bool new_epoch =
        state_.role != Role::follower || input.leader_epoch > state_.leader_epoch;
    ready.epoch_ended = led;
    if (new_epoch) take_log(input.log);
    state_.role = Role::follower;
    state_.leader = input.leader;
    state_.leader_epoch = input.leader_epoch;
    state_.partition_epoch = input.partition_epoch;
    state_.settings = input.settings;
    state_.replicas.clear();
    state_.isr.clear();
    state_.followers.clear();
    if (!new_epoch) return;
    // Records of which not even the epoch is known cannot be compared: what is committed stays.
    if (input.leader != kNoBroker && state_.last_epoch == kNoLeaderEpoch &&
        state_.log_end > state_.high_watermark) {
        cut(state_.high_watermark, ready);
    } else {
        want_sync(ready);
    }
}

void Partition::apply(const SettingsChanged& input, MonoTime now, Ready& ready) {
    state_.settings = input.settings;
    advance(now, ready);
    want_sync(ready);
}

void Partition::apply(const LeaseUntil& input, MonoTime, Ready&) {
    // The first one ends the time without a lease.
    state_.lease_until = state_.lease_until == MonoTime::max()
                             ? input.until
                             : std::max(state_.lease_until, input.until);
}

void Partition::apply(const Synced& input, MonoTime now, Ready& ready) {
    state_.synced_end = std::clamp(input.end, state_.synced_end, state_.log_end);
    advance(now, ready);
}

std::optional<MonoTime> Partition::deadline() const {
    if (state_.role != Role::leader) return std::nullopt;
    if (state_.proposal) {
        if (state_.proposal->retry_at == MonoTime::max()) return std::nullopt;
        return state_.proposal->retry_at;
    }
    std::optional<MonoTime> earliest;
    for (const auto& follower : state_.followers) {
        if (follower.log_end == state_.log_end || follower.last_caught_up == MonoTime::min()) {
            continue;
        }
        const MonoTime at =
            std::max(follower.last_caught_up + state_.settings.replica_lag_time_max + Nanos(1),
                     state_.no_proposal_before);
        // Who is not in sync and has been late for long holds nothing any more.
        if (at <= state_.last_step && !state_.in_isr(follower.id)) continue;
        earliest = earliest ? std::min(*earliest, at) : at;
    }
    return earliest;
}

}  // namespace milena::partition
