// One step of a member towards its target: first give up what it may not keep, then take what is
// free, then wait for what others still hold.
// Source: group-coordinator/.../modern/consumer/CurrentAssignmentBuilder.java.
#pragma once

#include "broker/coordinator/group/consumer/state.h"
#include "protocol/base/error.h"

namespace milena::coordinator::group::consumer {

struct Target {
    GroupEpoch epoch;
    const PartitionSet& partitions;
};

// What a member says that it has; nothing said means "as before".
using OwnedPartitions = std::optional<PartitionSet>;

// The member after its step; the same when there was none to take. `group` tells who holds what.
// FENCED_MEMBER_EPOCH when its state is not known to this version.
Result<Member> reconcile(const Group& group, const Member& member, const Target& target,
                         const OwnedPartitions& owned);

}  // namespace milena::coordinator::group::consumer
