// InitProducerId (22), v0-5. KIP-98, KIP-360.
// Errors: COORDINATOR_NOT_AVAILABLE (transactional ids have no coordinator yet), INVALID_REQUEST
// (empty transactional id, or half of a producer id and epoch), CLUSTER_AUTHORIZATION_FAILED never.
// Differences from Kafka: no transactions yet.
#include "protocol/msg/init_producer_id.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::InitProducerIdRequest;
using Response = msg::InitProducerIdResponse;

ErrorCode refused(const Body& body) {
    const bool id = body.producer_id != kNoProducerId;
    const bool epoch = body.producer_epoch != kNoProducerEpoch;
    if (id != epoch) return ErrorCode::INVALID_REQUEST;
    if (body.transactional_id.is_null()) return ErrorCode::NONE;
    if (body.transactional_id.value_or_empty().empty()) return ErrorCode::INVALID_REQUEST;
    return ErrorCode::COORDINATOR_NOT_AVAILABLE;
}

void init_producer_id(Services& services, const Request<Body>& request, Reply<Response> reply) {
    Response response;
    response.producer_id = kNoProducerId;
    response.producer_epoch = kNoProducerEpoch;
    response.error_code = refused(request.body);
    if (response.error_code != ErrorCode::NONE) {
        reply.send(response);
        return;
    }
    auto& executor = reply.executor();
    services.producer_ids->next(
        executor, [response, reply = std::move(reply)](Result<ProducerId> id) mutable {
            if (id) {
                response.producer_id = *id;
                response.producer_epoch = ProducerEpoch(0);
            } else {
                response.error_code = id.error().code;
            }
            reply.send(response);
        });
}

}  // namespace

MILENA_HANDLER(InitProducerId, init_producer_id)

}  // namespace milena::api
