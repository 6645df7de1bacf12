// What drives the machine of one replica, and what it asks its shell to do.
//
// The shell (broker/replica) calls step() under the partition's lock and performs the Ready in this
// order: wake what waits for the acknowledged offset, then what waits for the high watermark; when
// leadership ended, fail what still waits for either.
#pragma once

#include "protocol/base/ids.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace milena::partition {

// What an acks=all reply promises (the setting write.durability).
enum class Durability : std::uint8_t {
    page_cache,  // on every replica that the acknowledgement waited for, in memory: as Kafka
    disk,        // and synced to the disk of each of them
};

// The settings the machine looks at; min_isr is min.insync.replicas as configured, >= 1.
struct Settings {
    std::int32_t min_isr = 1;
    Durability durability = Durability::disk;

    friend bool operator==(const Settings&, const Settings&) = default;
};

// The cluster metadata names this broker leader. Repeated with the same leader epoch when only
// replicas or ISR changed; ignored when both epochs are not newer than what is known.
struct BecomeLeader {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    Settings settings;
    Offset log_end;         // what the log holds now
    Offset synced_end;      // how much of it is on disk
    Offset high_watermark;  // as last checkpointed; bounded by log_end
};

// The cluster metadata names another leader, or none (kNoBroker).
struct StopLeading {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    BrokerId leader = kNoBroker;
};

struct SettingsChanged {
    Settings settings;
};

// The log now ends at `end`; its last batch carries the current leader epoch.
struct Appended {
    Offset end;
};

// Everything below `end` is on disk.
struct Synced {
    Offset end;
};

using Input = std::variant<Appended, Synced, BecomeLeader, StopLeading, SettingsChanged>;

struct Ready {
    // Moved forward: consumers see more.
    std::optional<Offset> high_watermark;
    // Moved forward: acks=all replies for data below it may leave.
    std::optional<Offset> acknowledged;
    // Leadership ended, or restarted in a newer epoch: replies parked under the old epoch are
    // answered with NOT_LEADER_OR_FOLLOWER.
    bool epoch_ended = false;
};

}  // namespace milena::partition
