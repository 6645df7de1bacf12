// What drives the machine of one replica, and what it asks its shell to do.
//
// The shell (broker/replica) calls step() under the partition's lock, and performs the Ready before
// the next step, in this order:
//   1. the log   truncate_to or start_at, then step(Truncated); or append what was fetched, up to
//                append_limit, then step(Replicated); log_start; sync, whose end is step(Synced)
//   2. wake      what waits for `acknowledged`, for `high_watermark`, for `low_watermark`; when
//                epoch_ended, fail what still waits for any of them
//   3. send      alter_isr to the active controller
//   4. follow    after any step, fetch_position() is what the fetcher is to ask for next
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace milena::partition {

// What an acks=all reply promises (the setting write.durability).
enum class Durability : std::uint8_t {
    page_cache,  // on every replica that the acknowledgement waited for, in memory: as Kafka
    disk,        // and synced to the disk of each of them
};

// The settings the machine looks at.
struct Settings {
    std::int32_t min_isr = 1;  // min.insync.replicas as configured, >= 1
    Durability durability = Durability::disk;
    Millis replica_lag_time_max{30'000};  // replica.lag.time.max.ms

    friend bool operator==(const Settings&, const Settings&) = default;
};

// The largest epoch that a log knows at or below one that was asked for, and where it ends there:
// the start of the next one, or the end of the log. (-1, -1) when it knows none.
struct EpochEnd {
    LeaderEpoch epoch = kNoLeaderEpoch;
    Offset end = kNoOffset;

    friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

// The log of this replica as it stands when its role changes.
struct LogEnds {
    Offset log_start{0};
    Offset log_end{0};
    Offset synced_end{0};
    // As last checkpointed; counts the first time only, and what the log does not hold does not.
    Offset high_watermark{0};
    LeaderEpoch last_epoch = kNoLeaderEpoch;  // the latest that the log knows
};

// --- The cluster metadata ---

// This broker leads. Repeated with the same leader epoch when only replicas or ISR changed; ignored
// when neither epoch is newer than what is known.
struct BecomeLeader {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    std::vector<BrokerId> replicas;  // during a reassignment: those that stay, go and come
    std::vector<BrokerId> isr;
    Settings settings;
    LogEnds log;
};

// This broker holds a replica that another broker leads, or nobody (kNoBroker).
struct BecomeFollower {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    BrokerId leader = kNoBroker;
    Settings settings;
    LogEnds log;
};

struct SettingsChanged {
    Settings settings;
};

// A broker that holds a replica, as registered with the controller.
struct BrokerView {
    BrokerId id;
    BrokerEpoch epoch{-1};
    bool alive = false;   // registered and not fenced
    bool active = false;  // alive, and not shutting down: may be in the ISR
    std::string rack;     // empty: none

    friend bool operator==(const BrokerView&, const BrokerView&) = default;
};

// All brokers that hold replicas of this partition, this one included; the others may stand here,
// too.
struct BrokersChanged {
    std::vector<BrokerView> brokers;
};

// Until then no other broker can have been made leader: the controller has heard from this one.
// A lease never gets shorter. Without any (one node that is its own controller) it has no end.
struct LeaseUntil {
    MonoTime until;
};

// --- This replica leads ---

// The log now ends at `end`; its last batch carries the current leader epoch.
struct Appended {
    Offset end;
};

// Everything below `end` of the log as it is now is on disk. (A sync that a truncation overtook
// says so by an older end.)
struct Synced {
    Offset end;
};

// Another replica asks for what begins at `offset`: it holds everything below, with
// Durability::disk on its disk. Nothing becomes of it when it comes from an older life of that
// broker or belongs to another leader epoch, nor while the logs diverge (find_divergence).
struct Fetched {
    BrokerId replica;
    BrokerEpoch broker_epoch{-1};  // -1: not told
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    Offset offset;
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;
    EpochEnd ours;  // what this log answers for last_fetched_epoch
    Offset log_start = kNoOffset;
};

// The start of this replica's log moved: retention, DeleteRecords.
struct LogStartMoved {
    Offset log_start;
};

// The controller answered an AlterIsr, or did not: NETWORK_EXCEPTION or REQUEST_TIMED_OUT.
struct AlterIsrAnswered {
    std::uint64_t id = 0;  // AlterIsr::id
    ErrorCode error = ErrorCode::NONE;
    // No earlier request with this id can still arrive at the controller that answered.
    bool final = true;
    // As registered now; only when `error` is NONE.
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};
    std::vector<BrokerId> isr;
};

// Time has passed: at deadline(), or anyhow.
struct Tick {};

// --- This replica follows ---

// The leader answered a fetch without an error. Nothing becomes of it when the replica has moved on
// since it asked.
struct FetchReply {
    LeaderEpoch leader_epoch;  // of the position that was asked for
    Offset offset;             // the same
    bool has_records = false;
    Offset high_watermark = kNoOffset;  // of the leader
    Offset log_start = kNoOffset;       // of the leader
    // Where the logs part; and what this log answers for diverging->epoch.
    std::optional<EpochEnd> diverging;
    EpochEnd ours;
};

// After Ready::append_limit: the log ends there now. With an unchanged end when nothing could be
// appended (no whole batch, a wrong CRC, a full disk).
struct Replicated {
    Offset end;
    LeaderEpoch last_epoch = kNoLeaderEpoch;
};

// After Ready::truncate_to or start_at. The log may end below what was asked for, where a batch
// began that reached beyond.
struct Truncated {
    Offset start;
    Offset end;
    LeaderEpoch last_epoch = kNoLeaderEpoch;
};

// The leader does not hold the offset that was asked for; its log has these ends.
struct OutOfRange {
    LeaderEpoch leader_epoch;
    Offset leader_start;
    Offset leader_end;
};

using Input = std::variant<Appended, Synced, Fetched, BecomeLeader, BecomeFollower, SettingsChanged,
                           BrokersChanged, LeaseUntil, LogStartMoved, AlterIsrAnswered, Tick,
                           FetchReply, Replicated, Truncated, OutOfRange>;

struct IsrMember {
    BrokerId id;
    BrokerEpoch epoch{-1};  // -1: not known

    friend bool operator==(const IsrMember&, const IsrMember&) = default;
};

// For AlterPartition. Sent again unchanged while no answer decides it; the last one counts. (The
// leader recovery state to send is always RECOVERED: a leader recovers nothing.)
struct AlterIsr {
    std::uint64_t id = 0;
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    std::vector<IsrMember> isr;
};

struct Ready {
    // Moved forward: consumers see more.
    std::optional<Offset> high_watermark;
    // Moved forward: acks=all replies for data below it may leave.
    std::optional<Offset> acknowledged;
    // Moved forward: every live replica begins there, what is below is deleted.
    std::optional<Offset> low_watermark;
    // Leadership ended, or restarted in a newer epoch: replies parked under the old epoch are
    // answered with NOT_LEADER_OR_FOLLOWER.
    bool epoch_ended = false;
    std::optional<AlterIsr> alter_isr;

    // Cut the log here, and what the log knows of epochs that begin here or later.
    std::optional<Offset> truncate_to;
    // Drop the whole log, and begin anew here.
    std::optional<Offset> start_at;
    // Append what was fetched, but nothing from the first batch of a newer epoch on (KAFKA-18723).
    std::optional<LeaderEpoch> append_limit;
    // The log begins here now.
    std::optional<Offset> log_start;
    // What was appended must reach the disk before this replica may ask for more.
    bool sync = false;
};

}  // namespace milena::partition
