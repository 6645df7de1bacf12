// SyncGroup and Heartbeat of the classic protocol.
#include "broker/coordinator/group/consumer/classic_verbs.h"
#include "broker/coordinator/group/rebalance.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

#include <utility>

namespace milena::coordinator::group {
namespace {

// Only what both know can differ.
bool differ(const std::optional<std::string>& a, const std::optional<std::string>& b) {
    return a && b && *a != *b;
}

// NONE, or why a member with this claim may not go on.
ErrorCode check_claim(const ClassicGroup& group, const MemberClaim& claim) {
    const auto error = group.check_member(claim.member_id, claim.instance_id);
    if (error != ErrorCode::NONE) return error;
    return claim.generation == group.generation ? ErrorCode::NONE : ErrorCode::ILLEGAL_GENERATION;
}

ErrorCode check(const ClassicGroup& group, const SyncGroup& request) {
    const auto error = check_claim(group, request.member);
    if (error != ErrorCode::NONE) return error;
    if (differ(request.protocol_type, group.protocol_type) ||
        differ(request.protocol, group.protocol)) {
        return ErrorCode::INCONSISTENT_GROUP_PROTOCOL;
    }
    if (group.state == ClassicState::empty) return ErrorCode::UNKNOWN_MEMBER_ID;
    if (group.state == ClassicState::preparing_rebalance) return ErrorCode::REBALANCE_IN_PROGRESS;
    return ErrorCode::NONE;
}

SyncGroup::Reply answer(const ClassicGroup& group, const Blob& assignment) {
    SyncGroup::Reply reply;
    reply.protocol_type = group.protocol_type;
    reply.protocol = group.protocol;
    reply.assignment = assignment;
    return reply;
}

// The leader has spoken: who it does not name has nothing.
void hand_out(Deciding& deciding, Rebalance& rebalance, const SyncGroup& request) {
    std::map<std::string_view, const Blob*> assignments;
    for (const auto& given : request.assignments) {
        assignments.emplace(given.member_id, &given.assignment);
    }
    rebalance.enter(ClassicState::stable);
    for (const auto& id : rebalance.group().join_order) {
        rebalance.edit(id, [&](ClassicMember& member) {
            const auto given = assignments.find(member.id);
            member.assignment = given == assignments.end() ? Blob{} : *given->second;
            if (!member.sync_reply) return;
            deciding.reply(*std::exchange(member.sync_reply, std::nullopt),
                           answer(rebalance.group(), member.assignment));
            rebalance.extend_session(member);
        });
    }
    add_group(deciding.out.records, request.group_id, rebalance.group());
}

}  // namespace

void decide(Deciding& deciding, const SyncGroup& request, ReplyId reply) {
    if (const auto* consumers = deciding.state.consumer(request.group_id)) {
        return consumer::sync(deciding, *consumers, request, reply);
    }
    const auto* group = deciding.state.classic(request.group_id);
    auto error = ErrorCode::NONE;
    if (request.group_id.empty()) {
        error = ErrorCode::INVALID_GROUP_ID;
    } else if (group == nullptr) {
        error = ErrorCode::UNKNOWN_MEMBER_ID;
    } else {
        error = check(*group, request);
    }
    if (error != ErrorCode::NONE) {
        deciding.reply(reply, sync_failed(error));
        return;
    }
    const auto& member = *group->member(request.member.member_id);
    if (group->state == ClassicState::stable) {
        deciding.reply(reply, answer(*group, member.assignment));
        if (member.has_synced) return;
    }
    Rebalance rebalance(deciding, request.group_id);
    rebalance.note_sync(member.id);
    if (group->state == ClassicState::completing_rebalance) {
        rebalance.edit(member.id, [&](ClassicMember& changed) {
            if (changed.sync_reply) {
                // It asked again without waiting: the older question is moot.
                deciding.reply(*changed.sync_reply, sync_failed(ErrorCode::REBALANCE_IN_PROGRESS));
            }
            changed.sync_reply = reply;
        });
        if (group->leader == member.id) hand_out(deciding, rebalance, request);
    }
    rebalance.finish();
}

void decide(Deciding& deciding, const Heartbeat& request, ReplyId reply) {
    if (const auto* consumers = deciding.state.consumer(request.group_id)) {
        return consumer::beat(deciding, *consumers, request, reply);
    }
    const auto* group = deciding.state.classic(request.group_id);
    Heartbeat::Reply answer;
    if (request.group_id.empty()) {
        answer.error.code = ErrorCode::INVALID_GROUP_ID;
    } else if (group == nullptr) {
        answer.error.code = ErrorCode::UNKNOWN_MEMBER_ID;
    } else {
        answer.error.code = check_claim(*group, request.member);
    }
    if (answer.error.code == ErrorCode::NONE) {
        const auto& member = *group->member(request.member.member_id);
        deciding.set_timer(timer_key(TimerKind::session, request.group_id, member.id),
                           member.session_timeout);
        if (group->state == ClassicState::preparing_rebalance) {
            answer.error.code = ErrorCode::REBALANCE_IN_PROGRESS;
        }
    }
    deciding.reply(reply, std::move(answer));
}

}  // namespace milena::coordinator::group
