#include "broker/coordinator/group/consumer/classic_verbs.h"

#include "broker/coordinator/group/consumer/blobs.h"
#include "broker/coordinator/group/consumer/checks.h"
#include "broker/coordinator/group/consumer/migrate.h"
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/report.h"
#include "broker/coordinator/group/rebalance.h"
#include "protocol/wire/versioned.h"

#include <algorithm>

namespace milena::coordinator::group::consumer {

namespace {

Error inconsistent() {
    return {ErrorCode::INCONSISTENT_GROUP_PROTOCOL,
            "The member's protocols are not those of the group."};
}

// The member that speaks, when it is one of the classic protocol and at the right generation.
Result<const Member*> speaker(const Group& group, const MemberClaim& claim) {
    if (claim.instance_id)
        MILENA_TRY(known_static_member(group, *claim.instance_id, claim.member_id));
    MILENA_ASSIGN(const Member* member, known_member(group, claim.member_id));
    if (!member->classic)
        return fail(ErrorCode::UNKNOWN_MEMBER_ID,
                    "Member " + member->id + " does not use the classic protocol.");
    if (claim.generation != member->epoch.value())
        return fail(ErrorCode::ILLEGAL_GENERATION,
                    "The request has generation " + std::to_string(claim.generation) +
                        ", the member is at " + std::to_string(member->epoch.value()) + ".");
    return member;
}

// Do all other members of the classic protocol support one of these?
bool fits(const Group& group, const JoinGroup& request) {
    if (request.protocol_type != kConsumerProtocolType || request.protocols.empty()) return false;
    return std::ranges::any_of(request.protocols, [&](const Protocol& offered) {
        return std::ranges::all_of(group.members, [&](const auto& entry) {
            const Member& member = entry.second;
            return !member.classic || member.id == request.member_id ||
                   std::ranges::find(member.classic->protocols, offered.name, &Protocol::name) !=
                       member.classic->protocols.end();
        });
    });
}

bool waits_for_others(const Group& group, const Member& member) {
    return std::ranges::any_of(group.target(member.id), [&](const TopicIdPartition& item) {
        const auto owner = group.partition_owners.find(item);
        return owner != group.partition_owners.end() && owner->second != member.id;
    });
}

// From the first time that it is told; telling it again does not give it more.
void expect_rejoin(Deciding& deciding, const Group& group, const Member& member) {
    if (group.checked.rejoin_by.contains(member.id)) return;
    Checked checked = group.checked;
    checked.rejoin_by[member.id] = deciding.context.now + member.rebalance_timeout;
    deciding.set_timer(timer_key(TimerKind::join, group.id, member.id), member.rebalance_timeout);
    deciding.out.changes.push_back(PutChecked{group.id, std::move(checked)});
}

struct Entrance {
    std::string member_id;
    ConsumerGroupHeartbeat as_report;
    ClassicSide side;
};

Result<Entrance> entrance(Deciding& deciding, const Group& group, const JoinGroup& request) {
    if (!fits(group, request)) return std::unexpected(inconsistent());
    Entrance entrance;
    entrance.member_id =
        request.member_id.empty() ? deciding.context.random.uuid().to_string() : request.member_id;
    if (request.member_id.empty() && !request.instance_id && request.requires_known_member_id)
        return std::unexpected(Error{ErrorCode::MEMBER_ID_REQUIRED, entrance.member_id});
    if (request.instance_id && !request.member_id.empty())
        MILENA_TRY(known_static_member(group, *request.instance_id, request.member_id));
    const auto subscription =
        read_subscription(request.protocols.front().metadata, deciding.context.image);
    if (!subscription) return std::unexpected(inconsistent());
    ConsumerGroupHeartbeat& report = entrance.as_report;
    report.group_id = group.id;
    report.member_id = entrance.member_id;
    report.instance_id = request.instance_id;
    report.rack = subscription->rack;
    report.rebalance_timeout = request.rebalance_timeout;
    report.subscribed_topics = subscription->topics;
    report.subscribed_regex = "";
    report.owned = as_topics(subscription->owned);
    report.client = request.client;
    entrance.side = {request.session_timeout, request.protocols};
    return entrance;
}

// Has the static member that joins taken the place of the last one of the consumer protocol?
void downgrade_if_last(Deciding& deciding, const Group& group, const JoinGroup& request) {
    const Member* replaced =
        request.instance_id ? group.static_member(*request.instance_id) : nullptr;
    if (!replaced || replaced->classic) return;
    Group after = group;
    const KeyedRecords& records = deciding.out.records;
    for (std::size_t i = 0; i < records.size(); ++i) apply(after, records[i]);
    if (can_downgrade(after, {}, deciding.settings)) downgrade_joined(deciding, group, after);
}

}  // namespace

bool must_rejoin(const Group& group, const Member& member) {
    return member.epoch < group.epoch || member.state == MemberState::unrevoked ||
           (member.state == MemberState::unreleased && !waits_for_others(group, member));
}

void join(Deciding& deciding, const Group& group, const JoinGroup& request, ReplyId reply) {
    const auto refuse = [&](const Error& error, std::string_view member_id) {
        deciding.out = {};
        deciding.reply(reply, join_failed(error.code, member_id, error.detail));
    };
    const auto entering = entrance(deciding, group, request);
    if (!entering) {
        // Its new id is all that there is to say.
        const Error& error = entering.error();
        if (error.code == ErrorCode::MEMBER_ID_REQUIRED)
            return deciding.reply(reply, join_failed(error.code, error.detail));
        return refuse(error, request.member_id);
    }
    const auto answer =
        Report(deciding, entering->as_report, group, &entering->side).answer(entering->member_id);
    if (!answer) return refuse(answer.error(), request.member_id);
    downgrade_if_last(deciding, group, request);
    JoinGroup::Reply joined;
    joined.generation = answer->member_epoch;
    joined.protocol_type = request.protocol_type;
    joined.protocol = request.protocols.front().name;
    joined.member_id = entering->member_id;
    deciding.reply(reply, std::move(joined));
}

void sync(Deciding& deciding, const Group& group, const SyncGroup& request, ReplyId reply) {
    const auto member = speaker(group, request.member);
    SyncGroup::Reply answer;
    if (!member) {
        answer.error = member.error();
        return deciding.reply(reply, std::move(answer));
    }
    const ClassicSide& side = *(*member)->classic;
    const Protocol& protocol = side.protocols.front();
    if ((request.protocol_type && *request.protocol_type != kConsumerProtocolType) ||
        (request.protocol && *request.protocol != protocol.name)) {
        answer.error = inconsistent();
    } else if ((*member)->epoch < group.epoch && (*member)->state != MemberState::unrevoked) {
        // The group has moved on. (One that revokes has joined at this epoch, and finishes first.)
        answer.error.code = ErrorCode::REBALANCE_IN_PROGRESS;
        expect_rejoin(deciding, group, **member);
    } else {
        deciding.cancel_timer(timer_key(TimerKind::sync, group.id, (*member)->id));
        deciding.set_timer(timer_key(TimerKind::session, group.id, (*member)->id),
                           side.session_timeout);
        answer.protocol_type = kConsumerProtocolType;
        answer.protocol = protocol.name;
        answer.assignment =
            write_assignment((*member)->assigned, leading_int16(protocol.metadata).value_or(0),
                             deciding.context.image);
    }
    deciding.reply(reply, std::move(answer));
}

void beat(Deciding& deciding, const Group& group, const Heartbeat& request, ReplyId reply) {
    const auto member = speaker(group, request.member);
    Heartbeat::Reply answer;
    if (!member) {
        answer.error = member.error();
        return deciding.reply(reply, std::move(answer));
    }
    deciding.set_timer(timer_key(TimerKind::session, group.id, (*member)->id),
                       (*member)->classic->session_timeout);
    if (must_rejoin(group, **member)) {
        answer.error.code = ErrorCode::REBALANCE_IN_PROGRESS;
        expect_rejoin(deciding, group, **member);
    }
    deciding.reply(reply, std::move(answer));
}

void leave_classic(Deciding& deciding, const Group& group, const LeaveGroup& request,
                   ReplyId reply) {
    LeaveGroup::Reply answer;
    std::vector<std::string> leaving;
    for (const auto& asked : request.members) {
        const Member* member = asked.instance_id ? group.static_member(*asked.instance_id)
                                                 : group.member(asked.member_id);
        auto error = ErrorCode::NONE;
        // Whichever protocol they speak: an administrator removes members so.
        if (!member)
            error = ErrorCode::UNKNOWN_MEMBER_ID;
        else if (!asked.member_id.empty() && asked.member_id != member->id)
            error = ErrorCode::FENCED_INSTANCE_ID;
        else if (std::ranges::find(leaving, member->id) == leaving.end())
            leaving.push_back(member->id);
        answer.members.push_back({asked.member_id, asked.instance_id, {error, {}}});
    }
    deciding.reply(reply, std::move(answer));
    if (!leaving.empty()) fence(deciding, group, leaving);
}

}  // namespace milena::coordinator::group::consumer
