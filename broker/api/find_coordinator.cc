// FindCoordinator (10), v0-6. KIP-699 (batched), KIP-932 (share keys).
// Errors: COORDINATOR_NOT_AVAILABLE, INVALID_REQUEST (unknown key type).
// Differences from Kafka: no coordinator is hosted yet, so every known key type is answered with
// COORDINATOR_NOT_AVAILABLE, which clients retry.
#include "protocol/msg/find_coordinator.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

// Numbers of Kafka's FindCoordinatorRequest.CoordinatorType.
constexpr std::int8_t kShareKey = 2;

struct Answer {
    ErrorCode code;
    std::string_view message;
};

Answer answer_for(std::int8_t key_type, ApiVersion version) {
    const bool share_too_early = key_type == kShareKey && version < ApiVersion(6);
    if (key_type < 0 || key_type > kShareKey || share_too_early) {
        return {ErrorCode::INVALID_REQUEST, "unknown coordinator key type"};
    }
    return {ErrorCode::COORDINATOR_NOT_AVAILABLE, "this broker hosts no coordinators yet"};
}

void find_coordinator(Services&, const Request<msg::FindCoordinatorRequest>& request,
                      Reply<msg::FindCoordinatorResponse> reply) {
    using Coordinator = msg::FindCoordinatorResponse::Coordinator;
    const auto answer = answer_for(request.body.key_type, request.version);
    msg::FindCoordinatorResponse response;
    if (request.version < ApiVersion(4)) {
        response.error_code = answer.code;
        response.error_message = answer.message;
        response.node_id = kNoBroker;
        response.port = -1;
    } else {
        const auto& keys = request.body.coordinator_keys;
        auto coordinators = Array<Coordinator>::make(request.arena, keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            coordinators[i].key = keys[i];
            coordinators[i].node_id = kNoBroker;
            coordinators[i].port = -1;
            coordinators[i].error_code = answer.code;
            coordinators[i].error_message = answer.message;
        }
        response.coordinators = coordinators;
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(FindCoordinator, find_coordinator)

}  // namespace milena::api
