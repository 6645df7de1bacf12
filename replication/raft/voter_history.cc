#include "replication/raft/voter_history.h"

#include "protocol/base/assert.h"

namespace milena::raft {

const VoterSet& VoterHistory::at(Offset end) const {
    const VoterSet* found = &base_;
    for (const LoggedVoters& one : logged_) {
        if (one.at < end) found = &one.voters;
    }
    return *found;
}

void VoterHistory::appended(Offset at, VoterSet voters) {
    MILENA_ASSERT(logged_.empty() || logged_.back().at < at);
    logged_.push_back({at, std::move(voters)});
}

void VoterHistory::truncated(Offset end) {
    while (!logged_.empty() && logged_.back().at >= end) logged_.pop_back();
}

void VoterHistory::trimmed(Offset end) {
    while (!logged_.empty() && logged_.front().at < end) {
        base_ = std::move(logged_.front().voters);
        base_is_logged_ = true;
        logged_.erase(logged_.begin());
    }
}

void VoterHistory::replaced(std::optional<VoterSet> voters) {
    logged_.clear();
    if (!voters) return;
    base_ = std::move(*voters);
    base_is_logged_ = true;
}

}  // namespace milena::raft
