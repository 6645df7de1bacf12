// What the outside sees of groups, and the end of one.
#include "broker/coordinator/group/consumer/records.h"
#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/records.h"
#include "broker/coordinator/group/verbs.h"

#include <algorithm>
#include <cctype>

namespace milena::coordinator::group {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

// An empty filter lets everything through.
bool passes(const std::vector<std::string>& filter, std::string_view value) {
    return filter.empty() || std::any_of(filter.begin(), filter.end(), [&](const auto& wanted) {
               return same_ignoring_case(wanted, value);
           });
}

DescribeGroup::Reply describe(const ClassicGroup& group) {
    DescribeGroup::Reply reply;
    reply.state = state_name(group.state);
    reply.protocol_type = group.protocol_type.value_or("");
    const bool is_stable = group.state == ClassicState::stable;
    if (is_stable) reply.protocol = group.protocol.value_or("");
    for (const auto& id : group.join_order) {
        const auto& member = *group.member(id);
        DescribeGroup::Reply::Member told{
            id, member.instance_id, member.client, {}, member.assignment};
        const auto* metadata = is_stable ? member.metadata(*group.protocol) : nullptr;
        if (metadata != nullptr) told.metadata = *metadata;
        reply.members.push_back(std::move(told));
    }
    return reply;
}

ListGroups::Reply::Group listed(const std::string& id, const ClassicGroup& group) {
    return {id, group.protocol_type.value_or(""), std::string(state_name(group.state)), "classic"};
}

ListGroups::Reply::Group listed(const std::string& id, const ConsumerGroup& group) {
    return {id, "consumer", std::string(consumer::state_name(group.state())), "consumer"};
}

// All but its positions.
void forget(Deciding& deciding, const std::string& group_id, const ClassicGroup& group) {
    add_group_tombstone(deciding.out.records, group_id);
    for (const auto& id : group.pending_members) {
        deciding.cancel_timer(timer_key(TimerKind::session, group_id, id));
    }
}

}  // namespace

void decide(Deciding& deciding, const DescribeGroup& request, ReplyId reply) {
    const auto* group = deciding.state.classic(request.group_id);
    DescribeGroup::Reply answer;
    if (group != nullptr) {
        answer = describe(*group);
    } else {
        const bool exists = deciding.state.group(request.group_id) != nullptr;
        answer.error = {
            ErrorCode::GROUP_ID_NOT_FOUND,
            "Group " + request.group_id + (exists ? " is not a classic group." : " not found.")};
        answer.state = "Dead";
    }
    answer.group_id = request.group_id;
    deciding.reply(reply, std::move(answer));
}

void decide(Deciding& deciding, const ListGroups& request, ReplyId reply) {
    ListGroups::Reply answer;
    for (const auto& [id, group] : deciding.state.groups) {
        auto entry = std::visit([&](const auto& any) { return listed(id, any); }, group);
        if (passes(request.states, entry.state) && passes(request.types, entry.type)) {
            answer.groups.push_back(std::move(entry));
        }
    }
    deciding.reply(reply, std::move(answer));
}

void decide(Deciding& deciding, const DeleteGroup& request, ReplyId reply) {
    const auto* group = deciding.state.classic(request.group_id);
    const auto* consumers = deciding.state.consumer(request.group_id);
    DeleteGroup::Reply answer;
    if (group == nullptr && consumers == nullptr) {
        answer.error = {ErrorCode::GROUP_ID_NOT_FOUND, "Group " + request.group_id + " not found."};
    } else if (group ? group->state != ClassicState::empty : !consumers->members.empty()) {
        answer.error.code = ErrorCode::NON_EMPTY_GROUP;
    } else {
        forget_offsets(deciding, request.group_id);
        if (group) {
            forget(deciding, request.group_id, *group);
        } else {
            consumer::add_group_removal(deciding.out.records, *consumers);
        }
    }
    deciding.reply(reply, std::move(answer));
}

}  // namespace milena::coordinator::group
