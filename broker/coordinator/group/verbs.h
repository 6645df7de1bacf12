// The verbs of the group coordinator, by family: each decides one request, or one timer.
#pragma once

#include "broker/coordinator/group/deciding.h"

#include <string_view>

namespace milena::coordinator::group {

// join.cc
void decide(Deciding& deciding, const JoinGroup& request, ReplyId reply);
// sync.cc
void decide(Deciding& deciding, const SyncGroup& request, ReplyId reply);
void decide(Deciding& deciding, const Heartbeat& request, ReplyId reply);
// leave.cc
void decide(Deciding& deciding, const LeaveGroup& request, ReplyId reply);
void session_ended(Deciding& deciding, std::string_view group_id, std::string_view member_id);
void join_phase_ended(Deciding& deciding, std::string_view group_id);
void sync_phase_ended(Deciding& deciding, std::string_view group_id);
// What a member that the log brought back needs: its session begins now.
void begin_sessions(Deciding& deciding, std::string_view group_id, const ClassicGroup& group);

// describe.cc
void decide(Deciding& deciding, const DescribeGroup& request, ReplyId reply);
void decide(Deciding& deciding, const ListGroups& request, ReplyId reply);
void decide(Deciding& deciding, const DeleteGroup& request, ReplyId reply);

// commit.cc
void decide(Deciding& deciding, const OffsetCommit& request, ReplyId reply);
void decide(Deciding& deciding, const TxnOffsetCommit& request, ReplyId reply);
// fetch.cc
void decide(Deciding& deciding, const OffsetFetch& request, ReplyId reply);
// forget.cc
void decide(Deciding& deciding, const OffsetDelete& request, ReplyId reply);
void decide(Deciding& deciding, const ForgetTopics& request, ReplyId reply);
void expire_offsets(Deciding& deciding);
// Tombstones of all positions of a group, pending ones too.
void forget_offsets(Deciding& deciding, std::string_view group_id);

// consumer/
void decide(Deciding& deciding, const ConsumerGroupHeartbeat& request, ReplyId reply);
void decide(Deciding& deciding, const ConsumerGroupDescribe& request, ReplyId reply);
void decide(Deciding& deciding, const ImageChanged& request, ReplyId reply);

}  // namespace milena::coordinator::group
