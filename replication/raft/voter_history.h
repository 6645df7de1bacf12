// The voters as the log says them: they count from when they are appended, and no longer once they
// are truncated (KIP-853).
//
// Invariant: offsets ascend strictly.
#pragma once

#include "protocol/base/ids.h"
#include "replication/raft/voters.h"

#include <optional>
#include <utility>
#include <vector>

namespace milena::raft {

// As they are from a batch of the log on.
struct LoggedVoters {
    Offset at;  // of the batch
    VoterSet voters;

    friend bool operator==(const LoggedVoters&, const LoggedVoters&) = default;
};

class VoterHistory {
  public:
    VoterHistory() = default;
    // `configured` counts while neither snapshot nor log name any.
    VoterHistory(VoterSet configured, std::vector<LoggedVoters> logged)
        : base_(std::move(configured)), logged_(std::move(logged)) {}

    const VoterSet& latest() const { return logged_.empty() ? base_ : logged_.back().voters; }
    // As they are for whoever has read the log up to `end`, exclusive.
    const VoterSet& at(Offset end) const;
    // Do snapshot or log name them?
    bool in_log() const { return base_is_logged_ || !logged_.empty(); }
    // Of the batch that named the latest; kNoOffset when that has gone into a snapshot, or never
    // was.
    Offset latest_at() const { return logged_.empty() ? kNoOffset : logged_.back().at; }

    void appended(Offset at, VoterSet voters);
    void truncated(Offset end);
    // A snapshot up to `end` holds what stood below.
    void trimmed(Offset end);
    // A snapshot replaced the whole log; nullopt: it names nobody.
    void replaced(std::optional<VoterSet> voters);

  private:
    VoterSet base_;
    bool base_is_logged_ = false;
    std::vector<LoggedVoters> logged_;
};

}  // namespace milena::raft
