// All that the raft machine knows. Plain data: only step() changes it.
//
// Invariants (check_invariants names the first that is broken):
//   SelfIsVoter               this node is one of the voters
//   LeaderLeadsItself         who is in the role of leader is named leader, and nobody is voted for
//   CandidateVotesForItself   a candidate has voted for itself in its epoch
//   EpochCoversLog            the epoch is not lower than that of the last batch
//   CommittedIsSynced         high_watermark <= synced_end <= log_end
//   CommitsInOwnEpoch         a leader moves the high watermark only beyond the start of its epoch
// Epoch and high watermark never go back; step() asserts it.
#pragma once

#include "replication/raft/io.h"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace milena::raft {

// Knows no leader of its epoch.
struct Unattached {};
// Asks for votes in its epoch.
struct Candidate {
    std::vector<BrokerId> granted;
};
struct Leader {
    Offset epoch_start;  // of the LEADER_CHANGE record
};
// Led this epoch, and will not lead it again (it stopped, or has just started anew).
struct Resigned {};

using Role = std::variant<Unattached, Candidate, Leader, Resigned>;

struct State {
    Voter self;
    VoterSet voters;
    bool voters_in_log = false;  // kraft.version 1: the log already names the voters
    Role role = Unattached{};
    ElectionState election;  // as it is, or is about to be, in quorum-state
    Offset log_end{0};
    LeaderEpoch last_epoch = kNoLeaderEpoch;  // of the last batch in the log
    Offset synced_end{0};
    Offset high_watermark{0};

    bool is_leader() const { return std::holds_alternative<Leader>(role); }
};

std::optional<std::string_view> check_invariants(const State& state);

}  // namespace milena::raft
