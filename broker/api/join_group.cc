// JoinGroup (11), v0-9. KIP-62 (rebalance timeout), KIP-345 (static members), KIP-394 (member id
// required), KIP-559 (protocol type and name), KIP-800 (reason, unused), KIP-814 (skip assignment).
// Errors: those of the group machine (semantics G2-G8, G12) and of the coordinator host.
// Differences from Kafka: none known.
#include "protocol/msg/join_group.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::JoinGroupRequest;
using Response = msg::JoinGroupResponse;

constexpr ApiVersion kMemberIdRequired{4};
constexpr ApiVersion kNullableProtocol{7};
constexpr ApiVersion kSkipAssignment{9};

group::JoinGroup question(const Request<Body>& request) {
    const auto& body = request.body;
    group::JoinGroup asked;
    asked.group_id = body.group_id;
    asked.member_id = body.member_id;
    asked.instance_id = owned(body.group_instance_id);
    asked.client = client_of(request);
    asked.protocol_type = body.protocol_type;
    for (const auto& protocol : body.protocols) {
        asked.protocols.push_back({std::string(protocol.name), owned(protocol.metadata)});
    }
    asked.session_timeout = body.session_timeout_ms;
    const bool own_timeout = request.version >= ApiVersion(1);
    asked.rebalance_timeout = own_timeout ? body.rebalance_timeout_ms : body.session_timeout_ms;
    asked.requires_known_member_id = request.version >= kMemberIdRequired;
    asked.supports_skip_assignment = request.version >= kSkipAssignment;
    return asked;
}

void answer(const group::JoinGroup::Reply& result, const std::string& asked_member_id,
            Reply<Response>& reply) {
    Arena arena;
    Response response;
    response.error_code = result.error.code;
    response.generation_id = result.generation;
    response.protocol_type = nullable(result.protocol_type);
    response.protocol_name = nullable(result.protocol);
    if (reply.version() < kNullableProtocol && !result.protocol) response.protocol_name = "";
    response.leader = result.leader;
    response.skip_assignment = result.skip_assignment;
    response.member_id = result.member_id.empty() ? asked_member_id : result.member_id;
    response.members = decltype(response.members)::make(arena, result.members.size());
    for (std::size_t i = 0; i < result.members.size(); ++i) {
        response.members[i].member_id = result.members[i].id;
        response.members[i].group_instance_id = nullable(result.members[i].instance_id);
        response.members[i].metadata = result.members[i].metadata;
    }
    reply.send(response);
}

void join_group(Services& services, const Request<Body>& request, Reply<Response> reply) {
    ask_group(services, question(request),
              [asked_member_id = std::string(request.body.member_id),
               reply = std::move(reply)](const group::JoinGroup::Reply& result) mutable {
                  answer(result, asked_member_id, reply);
              });
}

}  // namespace

MILENA_HANDLER(JoinGroup, join_group)

}  // namespace milena::api
