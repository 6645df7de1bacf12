#include "broker/coordinator/group/consumer/reconcile.h"

namespace milena::coordinator::group::consumer {

namespace {

// Silence counts as "still has them".
bool may_own_any(const OwnedPartitions& owned, const PartitionSet& partitions) {
    return !owned || !(*owned & partitions).empty();
}

void advance(Member& member, GroupEpoch to) {
    member.previous_epoch = member.epoch;
    member.epoch = to;
}

// `reached` is the epoch that the member has when it must give up partitions first.
Member next_step(const Group& group, const Member& member, GroupEpoch reached, const Target& target,
                 const OwnedPartitions& owned) {
    const PartitionSet kept = member.assigned & target.partitions;
    PartitionSet to_revoke = member.assigned - kept;
    PartitionSet taken;
    bool waits = false;
    for (const TopicIdPartition& item : target.partitions - kept) {
        const auto owner = group.partition_owners.find(item);
        // What it was giving up itself may be its own again.
        if (owner == group.partition_owners.end() || owner->second == member.id)
            taken.append(item);
        else
            waits = true;
    }

    Member next = member;
    if (!to_revoke.empty() && may_own_any(owned, to_revoke)) {
        advance(next, reached);
        next.state = MemberState::unrevoked;
        next.assigned = kept;
        next.pending_revocation = std::move(to_revoke);
        return next;
    }
    advance(next, target.epoch);
    next.state = waits ? MemberState::unreleased : MemberState::stable;
    next.assigned = kept | taken;
    next.pending_revocation = {};
    return next;
}

}  // namespace

Result<Member> reconcile(const Group& group, const Member& member, const Target& target,
                         const OwnedPartitions& owned) {
    switch (member.state) {
        case MemberState::stable:
            if (member.epoch == target.epoch) return member;
            return next_step(group, member, member.epoch, target, owned);
        case MemberState::unrevoked:
            if (may_own_any(owned, member.pending_revocation)) return member;
            return next_step(group, member, member.epoch + 1, target, owned);
        case MemberState::unreleased:
            return next_step(group, member, member.epoch, target, owned);
        case MemberState::unknown:
            break;
    }
    // Only a member that starts anew, with nothing, can be helped.
    if (!owned || !owned->empty())
        return fail(ErrorCode::FENCED_MEMBER_EPOCH,
                    "The member is in a state that this broker does not know. It must abandon all "
                    "its partitions and rejoin.");
    return next_step(group, member, target.epoch, target, owned);
}

}  // namespace milena::coordinator::group::consumer
