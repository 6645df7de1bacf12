// How members of classic groups go: they leave, are removed by an administrator, or are not heard
// of in time.
#include "broker/coordinator/group/consumer/classic_verbs.h"
#include "broker/coordinator/group/rebalance.h"
#include "broker/coordinator/group/verbs.h"

namespace milena::coordinator::group {
namespace {

// Takes one member of the request out. NONE when it is gone now.
ErrorCode take_out(Rebalance& rebalance, const LeaveGroup::Member& leaving) {
    const auto& group = rebalance.group();
    if (leaving.member_id.empty()) {
        // An administrator knows the instance alone.
        if (!leaving.instance_id) return ErrorCode::UNKNOWN_MEMBER_ID;
        const auto known = group.static_members.find(*leaving.instance_id);
        if (known == group.static_members.end()) return ErrorCode::UNKNOWN_MEMBER_ID;
        rebalance.remove(std::string(known->second));
        return ErrorCode::NONE;
    }
    if (group.pending_members.contains(leaving.member_id)) {
        rebalance.forget_pending(leaving.member_id);
        return ErrorCode::NONE;
    }
    const auto error = group.check_member(leaving.member_id, leaving.instance_id);
    if (error == ErrorCode::NONE) rebalance.remove(leaving.member_id);
    return error;
}

}  // namespace

void decide(Deciding& deciding, const LeaveGroup& request, ReplyId reply) {
    if (const auto* consumers = deciding.state.consumer(request.group_id)) {
        return consumer::leave_classic(deciding, *consumers, request, reply);
    }
    LeaveGroup::Reply answer;
    if (request.group_id.empty()) {
        answer.error.code = ErrorCode::INVALID_GROUP_ID;
        deciding.reply(reply, std::move(answer));
        return;
    }
    if (deciding.state.classic(request.group_id) == nullptr) {
        for (const auto& leaving : request.members) {
            answer.members.push_back(
                {leaving.member_id, leaving.instance_id, {ErrorCode::UNKNOWN_MEMBER_ID, {}}});
        }
        deciding.reply(reply, std::move(answer));
        return;
    }
    Rebalance rebalance(deciding, request.group_id);
    bool any = false;
    for (const auto& leaving : request.members) {
        const auto error = take_out(rebalance, leaving);
        any = any || error == ErrorCode::NONE;
        answer.members.push_back({leaving.member_id, leaving.instance_id, {error, {}}});
    }
    deciding.reply(reply, std::move(answer));
    if (any) rebalance.after_departure();
    rebalance.finish();
}

void session_ended(Deciding& deciding, std::string_view group_id, std::string_view member_id) {
    const auto* group = deciding.state.classic(group_id);
    if (group == nullptr) return;
    const std::string id(member_id);
    const auto* member = group->member(member_id);
    const bool is_pending = group->pending_members.contains(member_id);
    // Who waits for an answer cannot send heartbeats; its session begins anew with the answer. One
    // that is new waits for the first, and not forever.
    if (!is_pending && (member == nullptr || (member->awaits() && !member->is_new))) return;
    Rebalance rebalance(deciding, group_id);
    if (is_pending) {
        rebalance.forget_pending(id);
        rebalance.complete_join_if_all_joined();
    } else {
        rebalance.remove(id);
        rebalance.after_departure();
    }
    rebalance.finish();
}

void join_phase_ended(Deciding& deciding, std::string_view group_id) {
    if (deciding.state.classic(group_id) == nullptr) return;
    Rebalance rebalance(deciding, group_id);
    rebalance.join_timer_fired();
    rebalance.finish();
}

void sync_phase_ended(Deciding& deciding, std::string_view group_id) {
    const auto* group = deciding.state.classic(group_id);
    if (group == nullptr || group->all_have_synced()) return;
    if (group->state != ClassicState::completing_rebalance &&
        group->state != ClassicState::stable) {
        return;
    }
    Rebalance rebalance(deciding, group_id);
    for (const auto& [id, member] : group->members) {
        if (!member->has_synced) rebalance.remove(id);
    }
    rebalance.prepare();
    rebalance.finish();
}

void begin_sessions(Deciding& deciding, std::string_view group_id, const ClassicGroup& group) {
    for (const auto& [id, member] : group.members) {
        deciding.set_timer(timer_key(TimerKind::session, group_id, id), member->session_timeout);
    }
    // The limit may have become smaller since.
    if (group.members.size() <= static_cast<std::size_t>(deciding.settings.max_size)) return;
    Rebalance rebalance(deciding, group_id);
    rebalance.prepare();
    rebalance.finish();
}

}  // namespace milena::coordinator::group
