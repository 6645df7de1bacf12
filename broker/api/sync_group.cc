// SyncGroup (14), v0-5. KIP-345 (static members), KIP-559 (protocol type and name).
// Errors: INCONSISTENT_GROUP_PROTOCOL (v5+ without protocol type or name), those of the group
// machine (semantics G9, G10) and of the coordinator host.
// Differences from Kafka: none known.
#include "protocol/msg/sync_group.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::SyncGroupRequest;
using Response = msg::SyncGroupResponse;

constexpr ApiVersion kNamesProtocol{5};

void sync_group(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto& body = request.body;
    if (request.version >= kNamesProtocol &&
        (body.protocol_type.is_null() || body.protocol_name.is_null())) {
        Response response;
        response.error_code = ErrorCode::INCONSISTENT_GROUP_PROTOCOL;
        return reply.send(response);
    }
    group::SyncGroup asked;
    asked.group_id = body.group_id;
    asked.member = claim_of(body, body.generation_id);
    asked.protocol_type = owned(body.protocol_type);
    asked.protocol = owned(body.protocol_name);
    for (const auto& one : body.assignments) {
        asked.assignments.push_back({std::string(one.member_id), owned(one.assignment)});
    }
    ask_group(services, std::move(asked),
              [reply = std::move(reply)](const group::SyncGroup::Reply& result) mutable {
                  Response response;
                  response.error_code = result.error.code;
                  response.protocol_type = nullable(result.protocol_type);
                  response.protocol_name = nullable(result.protocol);
                  response.assignment = result.assignment;
                  reply.send(response);
              });
}

}  // namespace

MILENA_HANDLER(SyncGroup, sync_group)

}  // namespace milena::api
