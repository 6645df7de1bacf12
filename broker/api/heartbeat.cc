// Heartbeat (12), v0-4. KIP-345 (static members).
// Errors: those of the group machine (semantics G11) and of the coordinator host.
// Differences from Kafka: none known.
#include "protocol/msg/heartbeat.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::HeartbeatRequest;
using Response = msg::HeartbeatResponse;

void heartbeat(Services& services, const Request<Body>& request, Reply<Response> reply) {
    group::Heartbeat asked;
    asked.group_id = request.body.group_id;
    asked.member = claim_of(request.body, request.body.generation_id);
    ask_group(services, std::move(asked),
              [reply = std::move(reply)](const group::Heartbeat::Reply& result) mutable {
                  Response response;
                  response.error_code = result.error.code;
                  reply.send(response);
              });
}

}  // namespace

MILENA_HANDLER(Heartbeat, heartbeat)

}  // namespace milena::api
