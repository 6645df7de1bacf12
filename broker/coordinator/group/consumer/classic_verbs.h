// Members of a consumer group that speak the classic protocol: they join, sync and leave as they
// are used to, and the broker assigns all the same.
//
// A member's generation is its epoch. It learns from REBALANCE_IN_PROGRESS that it must join again:
// when the group has moved on, when it must give up partitions, when those it waits for are free.
// Source: group-coordinator/.../GroupMetadataManager.java#classicGroupJoinToConsumerGroup and its
// neighbours.
#pragma once

#include "broker/coordinator/group/consumer/verbs.h"

namespace milena::coordinator::group::consumer {

void join(Deciding& deciding, const Group& group, const JoinGroup& request, ReplyId reply);
void sync(Deciding& deciding, const Group& group, const SyncGroup& request, ReplyId reply);
void beat(Deciding& deciding, const Group& group, const Heartbeat& request, ReplyId reply);
void leave_classic(Deciding& deciding, const Group& group, const LeaveGroup& request,
                   ReplyId reply);

// Is there something for the member that it only learns by joining again?
bool must_rejoin(const Group& group, const Member& member);

}  // namespace milena::coordinator::group::consumer
