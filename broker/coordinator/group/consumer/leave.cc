#include "broker/coordinator/group/consumer/leave.h"

#include "broker/coordinator/group/consumer/checks.h"
#include "broker/coordinator/group/consumer/classic_verbs.h"
#include "broker/coordinator/group/consumer/migrate.h"
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/subscriptions.h"

namespace milena::coordinator::group::consumer {

void cancel_timers(Deciding& deciding, std::string_view group_id, std::string_view member_id) {
    for (const TimerKind kind :
         {TimerKind::session, TimerKind::rebalance, TimerKind::join, TimerKind::sync})
        deciding.cancel_timer(timer_key(kind, group_id, member_id));
}

void fence(Deciding& deciding, const Group& group, std::span<const std::string> member_ids) {
    if (can_downgrade(group, member_ids, deciding.settings))
        return downgrade(deciding, group, member_ids);
    KeyedRecords& records = deciding.out.records;
    Draft draft(group);
    std::set<std::string, std::less<>> regexes;
    for (const std::string& id : member_ids) {
        const Member* member = group.member(id);
        if (!member) continue;
        if (!member->topic_regex.empty()) regexes.insert(member->topic_regex);
        add_member_removal(records, group.id, id);
        cancel_timers(deciding, group.id, id);
        draft.remove(id);
    }
    for (const std::string& regex : regexes) {
        if (draft.is_used(regex) || !draft.regex(regex)) continue;
        add_regex_removal(records, group.id, regex);
        draft.put_regex(regex, std::nullopt);
    }
    const Subscriptions subscriptions(draft, deciding.context.image);
    if (group.has_partition_metadata) add_partition_metadata_removal(records, group.id);
    add_epoch(records, group.id, group.epoch + 1, subscriptions.metadata_hash());
}

Result<ConsumerGroupHeartbeat::Reply> leave(Deciding& deciding,
                                            const ConsumerGroupHeartbeat& request) {
    const Group* group = deciding.state.consumer(request.group_id);
    if (!group)
        return fail(ErrorCode::GROUP_ID_NOT_FOUND, "Group " + request.group_id + " not found.");
    ConsumerGroupHeartbeat::Reply reply;
    reply.member_id = request.member_id;
    reply.member_epoch = request.member_epoch;
    const Member* member = nullptr;
    if (request.instance_id) {
        MILENA_ASSIGN(member, known_static_member(*group, *request.instance_id, request.member_id));
    } else {
        MILENA_ASSIGN(member, known_member(*group, request.member_id));
    }
    if (GroupEpoch(request.member_epoch) == kLeaveEpoch) {
        fence(deciding, *group, std::span(&request.member_id, 1));
        return reply;
    }
    // It keeps its place until it is back under the same instance id, or its session ends.
    Member resting = *member;
    resting.epoch = kStaticLeaveEpoch;
    resting.state = MemberState::stable;
    resting.pending_revocation = {};
    add_current(deciding.out.records, group->id, resting);
    deciding.cancel_timer(timer_key(TimerKind::rebalance, group->id, member->id));
    return reply;
}

void timer_fired(Deciding& deciding, const Group& group, const TimerName& timer) {
    const Member* member = group.member(timer.member_id);
    if (!member) return;
    const bool is_over = [&] {
        switch (timer.kind) {
            case TimerKind::session:
                return true;
            case TimerKind::rebalance:
                return member->state == MemberState::unrevoked && !member->classic;
            case TimerKind::join:
                return member->classic && must_rejoin(group, *member);
            case TimerKind::sync:
                return member->classic.has_value();
            case TimerKind::expiry:
                break;
        }
        return false;
    }();
    if (is_over) fence(deciding, group, std::span(&timer.member_id, 1));
}

void begin_sessions(Deciding& deciding, const Group& group) {
    const Millis session = session_timeout(deciding, group.id);
    for (const auto& [id, member] : group.members) {
        deciding.set_timer(timer_key(TimerKind::session, group.id, id),
                           member.classic ? member.classic->session_timeout : session);
        if (member.state == MemberState::unrevoked && !member.classic)
            deciding.set_timer(timer_key(TimerKind::rebalance, group.id, id),
                               member.rebalance_timeout);
    }
}

}  // namespace milena::coordinator::group::consumer
