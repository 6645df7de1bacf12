#include "replication/partition/state.h"

#include <algorithm>

namespace milena::partition {

std::int32_t State::effective_min_isr() const {
    return std::min(settings.min_isr, static_cast<std::int32_t>(replicas.size()));
}

bool State::has_enough_isr() const {
    return static_cast<std::int32_t>(isr.size()) >= effective_min_isr();
}

std::optional<std::string_view> check_invariants(const State& state) {
    if (state.high_watermark > state.log_end) return "HighWatermarkInLog";
    if (state.acknowledged > state.high_watermark) return "AcknowledgedIsCommitted";
    if (state.synced_end > state.log_end) return "SyncedInLog";
    if (state.role != Role::leader) return std::nullopt;
    const auto is_replica = [&](BrokerId id) {
        return std::find(state.replicas.begin(), state.replicas.end(), id) != state.replicas.end();
    };
    if (!is_replica(state.self) || !std::all_of(state.isr.begin(), state.isr.end(), is_replica)) {
        return "LeaderIsReplica";
    }
    if (state.leader_epoch_start > state.log_end) return "EpochStartInLog";
    return std::nullopt;
}

}  // namespace milena::partition
