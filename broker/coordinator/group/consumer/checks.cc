#include "broker/coordinator/group/consumer/checks.h"

#include "broker/coordinator/group/consumer/subscriptions.h"

#include <algorithm>

namespace milena::coordinator::group::consumer {

namespace {

Status invalid(std::string why) {
    return fail(ErrorCode::INVALID_REQUEST, std::move(why));
}

Status check_first(const ConsumerGroupHeartbeat& request) {
    if (!request.rebalance_timeout)
        return invalid("RebalanceTimeoutMs must be provided in first request.");
    if (!request.owned || !request.owned->empty())
        return invalid("TopicPartitions must be empty when (re-)joining.");
    if (!request.subscribed_topics && !request.subscribed_regex)
        return invalid(
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when "
            "(re-)joining.");
    return {};
}

Status check_assignor(const std::string& name, const Settings& settings) {
    if (std::ranges::find(settings.consumer_assignors, name) != settings.consumer_assignors.end())
        return {};
    std::string why = "ServerAssignor " + name + " is not supported. Supported assignors: ";
    for (std::size_t i = 0; i < settings.consumer_assignors.size(); ++i)
        why += (i == 0 ? "" : ", ") + settings.consumer_assignors[i];
    return fail(ErrorCode::UNSUPPORTED_ASSIGNOR, why + ".");
}

std::string member_must_rejoin(std::string_view relation, GroupEpoch said, GroupEpoch known) {
    return "The consumer group member has a " + std::string(relation) + " member epoch (" +
           std::to_string(said.value()) + ") than the one known by the group coordinator (" +
           std::to_string(known.value()) +
           "). The member must abandon all its partitions and rejoin.";
}

Status check_member_epoch(const Member& member, std::int32_t said) {
    if (member.epoch.value() == said) return {};
    const std::string numbers =
        std::to_string(said) + ", the member is at " + std::to_string(member.epoch.value()) + ".";
    return member.classic
               ? fail(ErrorCode::ILLEGAL_GENERATION, "The request has generation " + numbers)
               : fail(ErrorCode::STALE_MEMBER_EPOCH, "The request has member epoch " + numbers);
}

}  // namespace

Status check_form(const ConsumerGroupHeartbeat& request, const Settings& settings) {
    const GroupEpoch epoch(request.member_epoch);
    if (request.group_id.empty()) return invalid("GroupId can't be empty.");
    if (request.instance_id && request.instance_id->empty())
        return invalid("InstanceId can't be empty.");
    if (request.rack && request.rack->empty()) return invalid("RackId can't be empty.");
    const bool may_lack_id = request.may_lack_member_id && epoch == kJoinEpoch;
    if (request.member_id.empty() && !may_lack_id) return invalid("MemberId can't be empty.");
    if (epoch == kJoinEpoch) MILENA_TRY(check_first(request));
    if (epoch == kStaticLeaveEpoch && !request.instance_id)
        return invalid("InstanceId can't be null.");
    if (epoch < kStaticLeaveEpoch) return invalid("MemberEpoch is invalid.");
    if (request.server_assignor) MILENA_TRY(check_assignor(*request.server_assignor, settings));
    if (request.subscribed_regex) MILENA_TRY(check_regex(*request.subscribed_regex));
    return {};
}

Result<const Member*> known_member(const Group& group, std::string_view member_id) {
    if (const Member* member = group.member(member_id)) return member;
    return fail(ErrorCode::UNKNOWN_MEMBER_ID,
                "Member " + std::string(member_id) + " is not a member of group " + group.id + ".");
}

Result<const Member*> known_static_member(const Group& group, std::string_view instance_id,
                                          std::string_view member_id) {
    const Member* member = group.static_member(instance_id);
    if (!member)
        return fail(ErrorCode::UNKNOWN_MEMBER_ID,
                    "Instance id " + std::string(instance_id) + " is unknown.");
    if (member->id == member_id) return member;
    return fail(ErrorCode::FENCED_INSTANCE_ID, "Static member " + std::string(member_id) +
                                                   " with instance id " + std::string(instance_id) +
                                                   " was fenced by member " + member->id + ".");
}

Status check_epoch(const Member& member, GroupEpoch said, const OwnedPartitions& owned) {
    if (said == kJoinEpoch) return {};
    if (said > member.epoch)
        return fail(ErrorCode::FENCED_MEMBER_EPOCH,
                    member_must_rejoin("greater", said, member.epoch));
    if (said < member.epoch) {
        const bool lost_an_answer =
            said == member.previous_epoch && owned && member.assigned.includes(*owned);
        if (!lost_an_answer)
            return fail(ErrorCode::FENCED_MEMBER_EPOCH,
                        member_must_rejoin("smaller", said, member.epoch));
    }
    return {};
}

Status check_commit(const Group& group, const MemberClaim& claim, bool supports_member_epoch) {
    // An administrator, or a consumer that is not part of the group.
    if (claim.generation < 0 && group.members.empty()) return {};
    MILENA_ASSIGN(const Member* member, known_member(group, claim.member_id));
    if (!member->classic && !supports_member_epoch)
        return fail(ErrorCode::UNSUPPORTED_VERSION,
                    "OffsetCommit version 9 or above must be used by members using the consumer "
                    "group protocol.");
    return check_member_epoch(*member, claim.generation);
}

Status check_transactional_commit(const Group& group, const MemberClaim& claim) {
    if (claim.generation < 0 && group.members.empty()) return {};
    // Old producers do not say in whose name they commit.
    if (claim.generation == kNoGeneration && claim.member_id.empty() && !claim.instance_id)
        return {};
    MILENA_ASSIGN(const Member* member, known_member(group, claim.member_id));
    return check_member_epoch(*member, claim.generation);
}

Status check_fetch(const Group& group, const std::optional<std::string>& member_id,
                   std::int32_t member_epoch) {
    if (!member_id && member_epoch < 0) return {};
    MILENA_ASSIGN(const Member* member, known_member(group, member_id.value_or(std::string())));
    return check_member_epoch(*member, member_epoch);
}

}  // namespace milena::coordinator::group::consumer
