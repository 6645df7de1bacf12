#include "replication/raft/voters.h"

#include <algorithm>

namespace milena::raft {

const Voter* VoterSet::find(BrokerId id) const {
    const auto found = std::find_if(voters.begin(), voters.end(),
                                    [&](const Voter& voter) { return voter.id == id; });
    return found == voters.end() ? nullptr : &*found;
}

bool VoterSet::contains(const ReplicaKey& key) const {
    const Voter* voter = find(key.id);
    return voter && (voter->directory.value().is_zero() || voter->directory == key.directory);
}

}  // namespace milena::raft
