#include "broker/coordinator/group/consumer/checks.h"
#include "broker/coordinator/group/consumer/leave.h"
#include "broker/coordinator/group/consumer/migrate.h"
#include "broker/coordinator/group/consumer/report.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

namespace milena::coordinator::group::consumer {

namespace {

Result<ConsumerGroupHeartbeat::Reply> join_or_report(Deciding& deciding,
                                                     const ConsumerGroupHeartbeat& request) {
    const std::string member_id =
        request.member_id.empty() ? deciding.context.random.uuid().to_string() : request.member_id;
    if (const Group* group = deciding.state.consumer(request.group_id))
        return Report(deciding, request, *group).answer(member_id);
    const ClassicGroup* classic = deciding.state.classic(request.group_id);
    const bool joins = GroupEpoch(request.member_epoch) == kJoinEpoch;
    const bool may_upgrade = classic && can_upgrade(*classic, deciding.settings);
    if (!joins || (classic && classic->state != ClassicState::empty && !may_upgrade))
        return fail(ErrorCode::GROUP_ID_NOT_FOUND,
                    classic ? "Group " + request.group_id + " is not a consumer group."
                            : "Consumer group " + request.group_id + " not found.");
    if (classic && classic->state != ClassicState::empty) {
        MILENA_ASSIGN(const Group upgraded, upgrade(deciding, request.group_id, *classic));
        return Report(deciding, request, upgraded).answer(member_id);
    }
    if (classic) add_group_tombstone(deciding.out.records, request.group_id);
    Group fresh;
    fresh.id = request.group_id;
    return Report(deciding, request, fresh).answer(member_id);
}

}  // namespace

}  // namespace milena::coordinator::group::consumer

namespace milena::coordinator::group {

void decide(Deciding& deciding, const ConsumerGroupHeartbeat& request, ReplyId reply) {
    using namespace consumer;
    const auto answer = [&]() -> Result<ConsumerGroupHeartbeat::Reply> {
        if (!deciding.settings.serves_consumer_protocol)
            return fail(ErrorCode::UNSUPPORTED_VERSION,
                        "The consumer group protocol is not enabled.");
        MILENA_TRY(check_form(request, deciding.settings));
        const GroupEpoch epoch(request.member_epoch);
        if (epoch == kLeaveEpoch || epoch == kStaticLeaveEpoch) return leave(deciding, request);
        return join_or_report(deciding, request);
    }();
    if (answer) return deciding.reply(reply, *answer);
    // What was under way when it failed does not happen.
    deciding.out = {};
    ConsumerGroupHeartbeat::Reply refused;
    refused.error = answer.error();
    deciding.reply(reply, std::move(refused));
}

// Heartbeats see the new image by themselves.
void decide(Deciding& deciding, const ImageChanged&, ReplyId reply) {
    deciding.reply(reply, ImageChanged::Reply{});
}

}  // namespace milena::coordinator::group
