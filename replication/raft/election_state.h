// What a voter must never forget, the contents of the file quorum-state: one line of JSON.
//
//   data_version 0 (kraft.version 0)  clusterId "", leaderId, leaderEpoch, votedId,
//                                     appliedOffset 0, currentVoters [{voterId}]
//   data_version 1 (kraft.version 1)  leaderId, leaderEpoch, votedId, votedDirectoryId
//
// Written and synced before anything that follows from it leaves this node (raft/.../
// FileQuorumStateStore.java).
#pragma once

#include "protocol/base/error.h"
#include "replication/raft/voters.h"

#include <string>
#include <string_view>

namespace milena::raft {

struct ElectionState {
    LeaderEpoch epoch{0};
    BrokerId leader = kNoBroker;
    BrokerId voted = kNoBroker;
    DirectoryId voted_directory{};  // zero when nobody, or unknown

    friend bool operator==(const ElectionState&, const ElectionState&) = default;
};

// data_version is that of voters.kraft_version; version 0 lists the voters.
std::string to_json(const ElectionState& state, const VoterSet& voters);

// Reads both versions. KAFKA_STORAGE_ERROR, saying what is wrong, for anything else.
Result<ElectionState> parse_election_state(std::string_view json);

}  // namespace milena::raft
