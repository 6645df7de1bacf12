// All that the raft machine knows. Plain data: only step() changes it.
//
// Invariants (check_invariants names the first that is broken):
//   LeaderLeadsItself         who is in the role of leader is named leader, and nobody is voted for
//   CandidateVotesForItself   a candidate has voted for itself in its epoch
//   FollowerKnowsLeader       a follower's leader is named in the election, and is not itself
//   EpochCoversLog            the epoch is not lower than that of the last batch
//   CommittedIsSynced         log_start <= high_watermark <= synced_end <= log_end
//   CommitsInOwnEpoch         a leader moves the high watermark only beyond the start of its epoch
//   SnapshotAtLogStart        a log that does not begin at 0 begins within the latest snapshot
// Epoch and high watermark never go back, and nothing below the high watermark is truncated; step()
// asserts it.
#pragma once

#include "replication/raft/epochs.h"
#include "replication/raft/io.h"
#include "replication/raft/voter_history.h"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace milena::raft {

// Knows no leader of its epoch. A voter waits for one, or for its turn; others ask around.
struct Unattached {
    MonoTime election_at;
};

// How an election goes. What this node says itself is counted with the rest.
struct Votes {
    std::vector<BrokerId> granted = {};
    std::vector<BrokerId> refused = {};
    std::vector<BrokerId> unreachable = {};  // asked again, but not waited for
};
// Asks whether it would be elected, before it asks for votes (KIP-996).
struct Prospective {
    Votes votes;
    MonoTime until;
};
// Asks for votes in its epoch.
struct Candidate {
    Votes votes;
    MonoTime until;
    bool lost = false;  // waits for `until` to try again
};

// What a follower is taking from its leader instead of the log.
struct SnapshotFetch {
    SnapshotId id;
    std::uint64_t position = 0;
    bool complete = false;  // all of it is written, SnapshotLoaded is to come
};
struct Follower {
    MonoTime fetch_until;      // when the leader counts as lost
    bool has_fetched = false;  // from this leader, in this epoch
    bool in_touch = false;     // it answered the last fetch
    bool leader_lost = false;  // its process has ended, or it resigned
    Offset high_watermark{0};  // of the leader
    std::optional<SnapshotFetch> snapshot = {};
};

// Another replica, as its leader knows it.
struct ReplicaState {
    ReplicaKey key;
    Offset end = kNoOffset;                   // on its disk
    std::optional<MonoTime> last_fetch = {};  // in this epoch
    MonoTime last_caught_up{};                // had all that was there when it fetched before
    Offset end_at_last_fetch{0};              // of this node's log
    // When its last fetch was answered, while it stays connected. With a next fetch that tells a
    // high watermark it is known to have had that answer, and to follow from then on for a fetch
    // timeout: the lease.
    std::optional<MonoTime> last_answer = {};
    std::optional<MonoTime> lease_from = {};
};
// A fetch that waits for more.
struct ParkedFetch {
    RequestToken token;
    FetchRequest request;
    MonoTime until;
};
// A change of the voters that was asked for and is not committed.
struct VoterChange {
    RequestToken token;
    Offset end;  // committed when the high watermark has come here
    MonoTime until;
};
struct Leader {
    Offset epoch_start;  // of the LEADER_CHANGE record
    MonoTime since;
    std::vector<ReplicaState> replicas = {};
    std::vector<ParkedFetch> parked = {};
    std::vector<std::pair<BrokerId, MonoTime>> begun = {};  // when who was last told of the epoch
    std::optional<VoterChange> change = {};

    // Of a key without directory the one that fetched last.
    const ReplicaState* find(const ReplicaKey& key) const;
};

// Led this epoch, and will not lead it again (it stopped, or has just started anew).
struct Resigned {
    MonoTime until;
    std::vector<ReplicaKey> preferred = {};  // successors, the best first
    std::vector<BrokerId> untold = {};       // have not acknowledged the end of the epoch
};

using Role = std::variant<Unattached, Prospective, Candidate, Follower, Leader, Resigned>;

struct SnapshotOnDisk {
    SnapshotId id;
    std::uint64_t size = 0;
};

struct State {
    Voter self;
    VoterHistory history;
    Role role = Unattached{};
    ElectionState election;  // as it is, or is about to be, in quorum-state
    std::vector<Endpoint> leader_endpoints;
    Epochs epochs;
    Offset log_start{0};
    Offset log_end{0};
    Offset synced_end{0};
    Offset high_watermark{0};
    std::vector<SnapshotOnDisk> snapshots;  // ascending

    const VoterSet& voters() const { return history.latest(); }
    bool is_voter() const { return voters().contains(self.key()); }
    bool is_leader() const { return std::holds_alternative<Leader>(role); }
    // Leads, and everything that was committed before is known to be.
    bool is_established() const {
        const auto* leader = std::get_if<Leader>(&role);
        return leader && high_watermark > leader->epoch_start;
    }
    LeaderEpoch last_epoch() const { return epochs.last(); }
    EpochEnd end() const { return {std::max(last_epoch(), LeaderEpoch(0)), log_end}; }
    Leadership leadership() const { return {election.leader, election.epoch, leader_endpoints}; }
};

std::optional<std::string_view> check_invariants(const State& state);

}  // namespace milena::raft
