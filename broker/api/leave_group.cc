// LeaveGroup (13), v0-5. KIP-345 (several members at once), KIP-800 (reason, unused).
// Errors: those of the group machine (semantics G13) and of the coordinator host. Before v3 the
// error of the one member is that of the request.
// Differences from Kafka: none known.
#include "protocol/msg/leave_group.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::LeaveGroupRequest;
using Response = msg::LeaveGroupResponse;

constexpr ApiVersion kSeveralMembers{3};

void answer(const group::LeaveGroup::Reply& result, Reply<Response>& reply) {
    Arena arena;
    Response response;
    response.error_code = result.error.code;
    if (reply.version() >= kSeveralMembers) {
        response.members = decltype(response.members)::make(arena, result.members.size());
        for (std::size_t i = 0; i < result.members.size(); ++i) {
            response.members[i].member_id = result.members[i].member_id;
            response.members[i].group_instance_id = nullable(result.members[i].instance_id);
            response.members[i].error_code = result.members[i].error.code;
        }
    } else if (response.error_code == ErrorCode::NONE && !result.members.empty()) {
        response.error_code = result.members.front().error.code;
    }
    reply.send(response);
}

void leave_group(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto& body = request.body;
    group::LeaveGroup asked;
    asked.group_id = body.group_id;
    if (request.version < kSeveralMembers) {
        asked.members.push_back({std::string(body.member_id), std::nullopt, std::nullopt});
    }
    for (const auto& member : body.members) {
        asked.members.push_back(
            {std::string(member.member_id), owned(member.group_instance_id), owned(member.reason)});
    }
    ask_group(services, std::move(asked),
              [reply = std::move(reply)](const group::LeaveGroup::Reply& result) mutable {
                  answer(result, reply);
              });
}

}  // namespace

MILENA_HANDLER(LeaveGroup, leave_group)

}  // namespace milena::api
