#include "replication/partition/state.h"

#include <algorithm>

namespace milena::partition {
namespace {

bool holds(const std::vector<BrokerId>& ids, BrokerId id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

bool Follower::is_caught_up(Offset leader_end, MonoTime now, Millis lag_max) const {
    return log_end == leader_end ||
           (last_caught_up != MonoTime::min() && now - last_caught_up <= lag_max);
}

bool Proposal::contains(BrokerId id_) const {
    return std::any_of(isr.begin(), isr.end(),
                       [&](const IsrMember& member) { return member.id == id_; });
}

std::int32_t State::effective_min_isr() const {
    return std::min(settings.min_isr, static_cast<std::int32_t>(replicas.size()));
}

bool State::has_enough_isr() const {
    return static_cast<std::int32_t>(isr.size()) >= effective_min_isr();
}

bool State::in_isr(BrokerId id) const {
    return holds(isr, id);
}

bool State::in_maximal_isr(BrokerId id) const {
    return in_isr(id) || (proposal && proposal->contains(id));
}

const Follower* State::follower(BrokerId id) const {
    const auto found = std::find_if(followers.begin(), followers.end(),
                                    [&](const Follower& known) { return known.id == id; });
    return found == followers.end() ? nullptr : &*found;
}

const BrokerView* State::broker(BrokerId id) const {
    const auto found = std::find_if(brokers.begin(), brokers.end(),
                                    [&](const BrokerView& known) { return known.id == id; });
    return found == brokers.end() ? nullptr : &*found;
}

std::optional<std::string_view> check_invariants(const State& state) {
    if (state.high_watermark > state.log_end || state.high_watermark < state.log_start) {
        return "HighWatermarkInLog";
    }
    if (state.acknowledged > state.high_watermark) return "AcknowledgedIsCommitted";
    if (state.synced_end > state.log_end) return "SyncedInLog";
    if (state.role != Role::leader) return std::nullopt;
    const auto is_replica = [&](BrokerId id) { return holds(state.replicas, id); };
    if (!is_replica(state.self) || !std::all_of(state.isr.begin(), state.isr.end(), is_replica)) {
        return "LeaderIsReplica";
    }
    if (state.leader_epoch_start > state.log_end) return "EpochStartInLog";
    const auto is_known = [&](BrokerId id) {
        return id == state.self || state.follower(id) != nullptr;
    };
    if (state.followers.size() + 1 != state.replicas.size() ||
        !std::all_of(state.replicas.begin(), state.replicas.end(), is_known)) {
        return "OneStateForEachFollower";
    }
    if (state.proposal && state.proposal->partition_epoch != state.partition_epoch) {
        return "ProposalIsOfThisEpoch";
    }
    return std::nullopt;
}

}  // namespace milena::partition
