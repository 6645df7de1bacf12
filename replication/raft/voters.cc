#include "replication/raft/voters.h"

#include <algorithm>

namespace milena::raft {

bool VoterSet::contains(BrokerId id) const {
    return std::any_of(voters.begin(), voters.end(), [&](const Voter& v) { return v.id == id; });
}

}  // namespace milena::raft
