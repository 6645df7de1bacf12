// All that the machine of one replica knows. Plain data: only step() changes it.
//
// Invariants (check_invariants names the first that is broken):
//   HighWatermarkInLog        log_start <= high_watermark <= log_end
//   AcknowledgedIsCommitted   acknowledged <= high_watermark
//   AcknowledgedIsSynced      with Durability::disk, what step() newly acknowledges is synced
//   SyncedInLog               synced_end <= log_end
//   LeaderIsReplica           a leader is one of its replicas, and its ISR is a subset of them
//   EpochStartInLog           leader_epoch_start <= log_end
//   OneStateForEachFollower   a leader knows every other replica once
//   ProposalIsOfThisEpoch     what was proposed was proposed for the partition as it is known
// Within one leader epoch the high watermark of a leader never goes back; step() asserts it.
#pragma once

#include "replication/partition/io.h"

#include <optional>
#include <string_view>

namespace milena::partition {

enum class Role : std::uint8_t { none, leader, follower };

// What a leader knows of another replica.
struct Follower {
    BrokerId id;
    // What it asked for last: it holds all below, with Durability::disk on its disk. kNoOffset:
    // has not been heard of in this leader epoch.
    Offset log_end = kNoOffset;
    Offset log_start = kNoOffset;
    BrokerEpoch broker_epoch{-1};
    // When it last held all that the leader held when it asked. The beginning of time: never.
    MonoTime last_caught_up = MonoTime::min();
    MonoTime last_fetch = MonoTime::min();
    Offset leader_end_at_last_fetch = kNoOffset;

    bool is_caught_up(Offset leader_end, MonoTime now, Millis lag_max) const;
};

// An ISR on its way to the controller, or of unknown fate: its members hold the high watermark like
// those of the ISR until the registration of the partition is known to be another (KIP-497).
struct Proposal {
    std::uint64_t id = 0;
    PartitionEpoch partition_epoch;
    std::vector<IsrMember> isr;
    // When to send it again. The end of time: an answer is awaited, or the next metadata.
    MonoTime retry_at = MonoTime::max();

    bool contains(BrokerId id_) const;
};

// What a follower has learned from its leader in this epoch.
struct Following {
    Offset leader_high_watermark = kNoOffset;
    Offset leader_log_start = kNoOffset;
    // The log is being cut or appended to: the next input says how that went.
    bool log_is_changing = false;
};

struct State {
    BrokerId self = kNoBroker;
    Role role = Role::none;
    BrokerId leader = kNoBroker;  // as far as known; for errors that name where to go
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;  // as the controller has it
    std::vector<BrokerView> brokers;
    Settings settings;

    Offset log_start{0};
    Offset log_end{0};
    Offset synced_end{0};
    LeaderEpoch last_epoch = kNoLeaderEpoch;  // a follower's: the latest that its log knows
    Offset high_watermark{0};
    Offset acknowledged{0};

    // A leader's.
    Offset leader_epoch_start{0};  // log end when this leader epoch began
    MonoTime lease_until = MonoTime::max();
    std::vector<Follower> followers;
    std::optional<Proposal> proposal;
    std::uint64_t last_proposal = 0;
    MonoTime no_proposal_before = MonoTime::min();  // the last one was refused just now
    Offset low_watermark = kNoOffset;

    Following following;

    MonoTime last_step = MonoTime::min();

    // min.insync.replicas, but never more than there are replicas (Kafka: UnifiedLog, Partition).
    std::int32_t effective_min_isr() const;
    bool has_enough_isr() const;
    bool in_isr(BrokerId id) const;
    // In the ISR, or in one that may become it.
    bool in_maximal_isr(BrokerId id) const;
    const Follower* follower(BrokerId id) const;
    const BrokerView* broker(BrokerId id) const;
};

// The name of the first broken invariant, or nullopt.
std::optional<std::string_view> check_invariants(const State& state);

}  // namespace milena::partition
