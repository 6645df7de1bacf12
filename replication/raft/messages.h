// What the replicas of the metadata log say to each other, without versions, topic and partition:
// those are the codec's and the shell's. The shell also refuses a foreign cluster id.
//
// Fields as in protocol/schema/{vote,begin_quorum_epoch,end_quorum_epoch,fetch,fetch_snapshot,
// add_raft_voter,remove_raft_voter,update_raft_voter}.msg.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/raft/voters.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace milena::raft {

// A snapshot is named for where the log goes on behind it.
struct SnapshotId {
    Offset end;         // exclusive
    LeaderEpoch epoch;  // of the last record contained

    friend auto operator<=>(const SnapshotId&, const SnapshotId&) = default;
};

// Where an epoch ends in a log; of a whole log, where it ends.
struct EpochEnd {
    LeaderEpoch epoch;
    Offset end;  // exclusive

    // The later epoch is further, in the same epoch the longer log.
    friend auto operator<=>(const EpochEnd&, const EpochEnd&) = default;
};

// Who leads an epoch, as every answer tells.
struct Leadership {
    BrokerId leader = kNoBroker;  // or nobody that is known
    LeaderEpoch epoch{0};
    std::vector<Endpoint> endpoints = {};  // of the leader, when known

    friend bool operator==(const Leadership&, const Leadership&) = default;
};

enum class Ballot : std::uint8_t {
    vote,      // one per epoch and voter
    pre_vote,  // would you vote for me? Binds nobody (KIP-996)
};

struct VoteRequest {
    ReplicaKey voter;  // who is asked
    ReplicaKey candidate;
    LeaderEpoch epoch;
    EpochEnd log_end;
    Ballot ballot = Ballot::vote;
};
struct VoteResponse {
    ErrorCode error = ErrorCode::NONE;
    Leadership leadership = {};
    bool granted = false;
};

struct BeginQuorumEpochRequest {
    ReplicaKey voter;
    Leadership leadership = {};
};
struct BeginQuorumEpochResponse {
    ErrorCode error = ErrorCode::NONE;
    Leadership leadership = {};
};

struct EndQuorumEpochRequest {
    Leadership leadership = {};
    std::vector<ReplicaKey> preferred_candidates;  // the best first
};
struct EndQuorumEpochResponse {
    ErrorCode error = ErrorCode::NONE;
    Leadership leadership = {};
};

// Of a replica that does not tell what it knows.
inline constexpr Offset kUntoldHighWatermark{std::numeric_limits<std::int64_t>::max()};

// Everything below `offset` is on the replica's disk: the fetch acknowledges it.
struct FetchRequest {
    ReplicaKey replica;
    LeaderEpoch epoch;  // in which the replica knows the leader
    Offset offset;
    LeaderEpoch last_epoch;  // of the record before `offset`; 0 when there is none
    // That the replica knows. Who does not tell (before Kafka 4.1) is not woken for a new one.
    Offset high_watermark = kUntoldHighWatermark;
    Millis max_wait{0};
    std::int32_t max_bytes = 0;
};
struct FetchResponse {
    ErrorCode error = ErrorCode::NONE;
    Leadership leadership = {};
    Offset high_watermark = kNoOffset;
    std::optional<EpochEnd> diverging = {};   // truncate to this
    std::optional<SnapshotId> snapshot = {};  // fetch this instead
    ByteView records = {};  // whole batches, and perhaps the beginning of one more
};

struct FetchSnapshotRequest {
    ReplicaKey replica;
    LeaderEpoch epoch;
    SnapshotId id;
    std::uint64_t position = 0;
    std::int32_t max_bytes = 0;
};
struct FetchSnapshotResponse {
    ErrorCode error = ErrorCode::NONE;
    Leadership leadership = {};
    SnapshotId id{};
    std::uint64_t size = 0;
    std::uint64_t position = 0;
    ByteView bytes = {};
};

enum class AckVoters : std::uint8_t { when_committed, when_appended };

// The shell has asked the new voter for its versions (ApiVersions) before.
struct AddVoterRequest {
    Voter voter;
    Millis timeout{0};
    AckVoters ack = AckVoters::when_committed;
};
struct RemoveVoterRequest {
    ReplicaKey voter;
};
struct UpdateVoterRequest {
    LeaderEpoch epoch;
    Voter voter;
};
// Answers all three.
struct ChangeVotersResponse {
    ErrorCode error = ErrorCode::NONE;
    std::string message = {};
    Leadership leadership = {};
};

using Request =
    std::variant<VoteRequest, BeginQuorumEpochRequest, EndQuorumEpochRequest, FetchRequest,
                 FetchSnapshotRequest, AddVoterRequest, RemoveVoterRequest, UpdateVoterRequest>;
using Response = std::variant<VoteResponse, BeginQuorumEpochResponse, EndQuorumEpochResponse,
                              FetchResponse, FetchSnapshotResponse, ChangeVotersResponse>;

}  // namespace milena::raft
