// May this request be served by this replica now, and up to which offset? Pure rules over State;
// what depends on the log itself (offset out of range, epoch of an offset) is the log's answer.
#pragma once

#include "protocol/base/error.h"
#include "replication/partition/state.h"

#include <string_view>

namespace milena::partition {

// How far a reader may see (Kafka: ReplicaManager, FetchIsolation).
enum class Reader : std::uint8_t {
    uncommitted,  // consumers: to the high watermark
    committed,    // read_committed consumers: to the last stable offset
    replica,      // followers and the debug consumer (replica id -2): to the end of the log
};

// `topic_partition` ("events-3") goes into error texts only.

// NOT_LEADER_OR_FOLLOWER when this replica does not lead. `asked` is the leader epoch that the
// client believes in, kNoLeaderEpoch for no check: FENCED_LEADER_EPOCH when it is older than ours,
// UNKNOWN_LEADER_EPOCH when newer.
Status check_leader(const State& state, LeaderEpoch asked, std::string_view topic_partition);

// The same for a reader that a follower may serve, too: a consumer of Fetch v11 and later
// (KIP-392).
Status check_replica(const State& state, LeaderEpoch asked, std::string_view topic_partition);

// NOT_LEADER_OR_FOLLOWER when another broker may lead by now: nothing that only a leader may answer
// is answered beyond its lease.
Status check_lease(const State& state, MonoTime now, std::string_view topic_partition);

// For a fetch of another broker: UNKNOWN_LEADER_EPOCH when it holds no replica, as far as is known
// here (it may know more).
Status check_follower(const State& state, BrokerId replica, std::string_view topic_partition);

// Before an append; acks=-1 also needs as many in-sync replicas as min.insync.replicas asks for.
// The epoch to stamp into the batch, or NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS.
Result<LeaderEpoch> may_produce(const State& state, std::int16_t acks,
                                std::string_view topic_partition);

// For an acks=-1 append whose end was acknowledged: NOT_ENOUGH_REPLICAS_AFTER_APPEND when the ISR
// shrank below the minimum meanwhile.
Status check_acknowledged(const State& state, std::string_view topic_partition);

// The first offset that the reader may not see. `first_unstable` is the first offset of the
// earliest transaction still open or not yet committed by the high watermark, kNoOffset when there
// is none.
Offset visible_end(const State& state, Reader reader, Offset first_unstable);

// Latest offset and lookups by timestamp: OFFSET_NOT_AVAILABLE from an election until the high
// watermark has reached the start of the leader's epoch. (Clients below ListOffsets v5 are told
// LEADER_NOT_AVAILABLE instead; the API does that.)
Status may_list_latest(const State& state, std::string_view topic_partition);

}  // namespace milena::partition
