// BrokerRegistration (62), v0-4; BrokerHeartbeat (63), v0-1; AllocateProducerIds (67), v0;
// ControllerRegistration (70), v0: what brokers and controllers ask the active controller, on the
// controllers' listener. KIP-631, KIP-730, KIP-919.
// Errors: NOT_CONTROLLER; those of the verbs (replication/metadata). Differences from Kafka: none
// known.
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/quorum/broker_codec.h"

namespace milena::api {
namespace {

template <class Verb, class RequestBody, class ResponseBody>
void ask_controller(Services& services, const Request<RequestBody>& request,
                    Reply<ResponseBody> reply) {
    services.controller.submit<Verb>(
        quorum::from_message(request.body),
        [reply = std::move(reply)](Result<typename Verb::Reply> answer) mutable {
            if (answer) return reply.send(quorum::to_message(*answer));
            ResponseBody refused;
            refused.error_code = answer.error().code;
            reply.send(refused);
        });
}

void broker_registration(Services& services, const Request<msg::BrokerRegistrationRequest>& request,
                         Reply<msg::BrokerRegistrationResponse> reply) {
    ask_controller<metadata::RegisterBroker>(services, request, std::move(reply));
}

void broker_heartbeat(Services& services, const Request<msg::BrokerHeartbeatRequest>& request,
                      Reply<msg::BrokerHeartbeatResponse> reply) {
    ask_controller<metadata::BrokerHeartbeat>(services, request, std::move(reply));
}

void allocate_producer_ids(Services& services,
                           const Request<msg::AllocateProducerIdsRequest>& request,
                           Reply<msg::AllocateProducerIdsResponse> reply) {
    ask_controller<metadata::AllocateProducerIds>(services, request, std::move(reply));
}

void controller_registration(Services& services,
                             const Request<msg::ControllerRegistrationRequest>& request,
                             Reply<msg::ControllerRegistrationResponse> reply) {
    ask_controller<metadata::RegisterController>(services, request, std::move(reply));
}

}  // namespace

MILENA_HANDLER(BrokerRegistration, broker_registration)
MILENA_HANDLER(BrokerHeartbeat, broker_heartbeat)
MILENA_HANDLER(AllocateProducerIds, allocate_producer_ids)
MILENA_HANDLER(ControllerRegistration, controller_registration)

}  // namespace milena::api
