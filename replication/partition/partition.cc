#include "replication/partition/partition.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::partition {

Ready Partition::step(const Input& input, MonoTime) {
    Ready ready;
    std::visit([&](const auto& event) { apply(event, ready); }, input);
    MILENA_ASSERT(!check_invariants(state_));
    return ready;
}

void Partition::apply(const BecomeLeader& input, Ready& ready) {
    if (input.leader_epoch < state_.leader_epoch) return;
    if (input.leader_epoch == state_.leader_epoch &&
        input.partition_epoch <= state_.partition_epoch) {
        return;
    }
    const bool new_epoch = state_.role != Role::leader || input.leader_epoch > state_.leader_epoch;
    ready.epoch_ended = new_epoch && state_.role == Role::leader;
    state_.role = Role::leader;
    state_.leader = state_.self;
    state_.leader_epoch = input.leader_epoch;
    state_.partition_epoch = input.partition_epoch;
    state_.replicas = input.replicas;
    state_.isr = input.isr;
    state_.settings = input.settings;
    if (new_epoch) {
        state_.log_end = input.log_end;
        state_.synced_end = std::min(input.synced_end, input.log_end);
        state_.leader_epoch_start = input.log_end;
        state_.high_watermark =
            std::min(std::max(state_.high_watermark, input.high_watermark), input.log_end);
        state_.acknowledged = std::min(state_.acknowledged, state_.high_watermark);
    }
    advance(ready);
}

void Partition::apply(const StopLeading& input, Ready& ready) {
    if (input.leader_epoch < state_.leader_epoch) return;
    ready.epoch_ended = state_.role == Role::leader;
    state_.role = Role::none;
    state_.leader = input.leader;
    state_.leader_epoch = input.leader_epoch;
    state_.partition_epoch = std::max(state_.partition_epoch, input.partition_epoch);
    state_.replicas.clear();
    state_.isr.clear();
}

void Partition::apply(const SettingsChanged& input, Ready& ready) {
    state_.settings = input.settings;
    advance(ready);
}

void Partition::apply(const Appended& input, Ready& ready) {
    MILENA_ASSERT(state_.role == Role::leader && input.end >= state_.log_end);
    state_.log_end = input.end;
    advance(ready);
}

void Partition::apply(const Synced& input, Ready& ready) {
    state_.synced_end = std::clamp(input.end, state_.synced_end, state_.log_end);
    advance(ready);
}

// The high watermark is the lowest log end among the ISR, and stands still while the ISR is smaller
// than min.insync.replicas asks for (KIP-966). The log end of another replica is known from its
// fetches only; until one came, it holds the watermark where it is.
void Partition::advance(Ready& ready) {
    if (state_.role != Role::leader) return;
    const bool alone = state_.isr.size() == 1 && state_.isr.front() == state_.self;
    if (alone && state_.has_enough_isr() && state_.log_end > state_.high_watermark) {
        state_.high_watermark = state_.log_end;
        ready.high_watermark = state_.high_watermark;
    }
    const Offset promised = state_.settings.durability == Durability::disk
                                ? std::min(state_.high_watermark, state_.synced_end)
                                : state_.high_watermark;
    if (promised > state_.acknowledged) {
        state_.acknowledged = promised;
        ready.acknowledged = promised;
    }
}

}  // namespace milena::partition
