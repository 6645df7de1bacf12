// DescribeGroups (15), v0-6. KIP-430 (authorized operations), KIP-1043 (unknown groups are errors).
// Errors per group: GROUP_ID_NOT_FOUND (v6+; NONE and state "Dead" before), those of the
// coordinator host. Rules: semantics G18.
// Differences from Kafka: no ACLs yet, so every operation is authorized.
#include "protocol/msg/describe_groups.h"

#include "broker/api/error_message.h"
#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::DescribeGroupsRequest;
using Response = msg::DescribeGroupsResponse;
using Answer = group::DescribeGroup::Reply;

constexpr ApiVersion kUnknownIsAnError{6};

void fill(Arena& arena, const Answer& from, ApiVersion version, Response::DescribedGroup& to) {
    const bool dead =
        from.error.code == ErrorCode::GROUP_ID_NOT_FOUND && version < kUnknownIsAnError;
    to.error_code = dead ? ErrorCode::NONE : from.error.code;
    if (!dead) to.error_message = message_of(arena, from.error);
    to.group_state = from.state;
    to.protocol_type = from.protocol_type;
    to.protocol_data = from.protocol;
    to.members = decltype(to.members)::make(arena, from.members.size());
    for (std::size_t i = 0; i < from.members.size(); ++i) {
        const auto& member = from.members[i];
        auto& out = to.members[i];
        out.member_id = member.id;
        out.group_instance_id = nullable(member.instance_id);
        out.client_id = member.client.id;
        out.client_host = member.client.host;
        out.member_metadata = member.metadata;
        out.member_assignment = member.assignment;
    }
}

void describe_groups(Services& services, const Request<Body>& request, Reply<Response> reply) {
    std::vector<group::DescribeGroup> asked;
    std::vector<std::string> names;
    for (const auto name : request.body.groups) {
        names.emplace_back(name);
        asked.push_back({names.back()});
    }
    const bool operations = request.body.include_authorized_operations;
    ask_groups(services, std::move(asked),
               [names = std::move(names), operations,
                reply = std::move(reply)](const std::vector<Answer>& answers) mutable {
                   Arena arena;
                   Response response;
                   response.groups = decltype(response.groups)::make(arena, names.size());
                   for (std::size_t i = 0; i < names.size(); ++i) {
                       auto& out = response.groups[i];
                       fill(arena, answers[i], reply.version(), out);
                       out.group_id = names[i];
                       if (operations) out.authorized_operations = kAllGroupOperations;
                   }
                   reply.send(response);
               });
}

}  // namespace

MILENA_HANDLER(DescribeGroups, describe_groups)

}  // namespace milena::api
