// All that the machine of one replica knows. Plain data: only step() changes it.
//
// Invariants (check_invariants names the first that is broken):
//   HighWatermarkInLog        high_watermark <= log_end
//   AcknowledgedIsCommitted   acknowledged <= high_watermark
//   AcknowledgedIsSynced      with Durability::disk, what step() newly acknowledges is synced
//   SyncedInLog               synced_end <= log_end
//   LeaderIsReplica           a leader is one of its replicas, and its ISR is a subset of them
//   EpochStartInLog           leader_epoch_start <= log_end
#pragma once

#include "replication/partition/io.h"

#include <optional>
#include <string_view>

namespace milena::partition {

enum class Role : std::uint8_t { none, leader };

struct State {
    BrokerId self = kNoBroker;
    Role role = Role::none;
    BrokerId leader = kNoBroker;  // as far as known; for errors that name where to go
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    Settings settings;

    Offset log_end{0};
    Offset synced_end{0};
    Offset high_watermark{0};
    Offset acknowledged{0};
    Offset leader_epoch_start{0};  // log end when this leader epoch began

    // min.insync.replicas, but never more than there are replicas (Kafka: UnifiedLog, Partition).
    std::int32_t effective_min_isr() const;
    bool has_enough_isr() const;
};

// The name of the first broken invariant, or nullopt.
std::optional<std::string_view> check_invariants(const State& state);

}  // namespace milena::partition
