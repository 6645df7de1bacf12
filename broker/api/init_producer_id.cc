// InitProducerId (22), v0-5. KIP-98, KIP-360.
// Errors: INVALID_REQUEST (empty transactional id, or half of a producer id and epoch),
// INVALID_TRANSACTION_TIMEOUT, PRODUCER_FENCED (before v4 INVALID_PRODUCER_EPOCH),
// CONCURRENT_TRANSACTIONS, and those of the coordinator host. Rules: semantics L2, L3.
// Differences from Kafka: waits a moment for the markers of a transaction that is in the way before
// it answers CONCURRENT_TRANSACTIONS.
#include "protocol/msg/init_producer_id.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/replica/transaction_coordinator.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Body = msg::InitProducerIdRequest;
using Response = msg::InitProducerIdResponse;

ErrorCode refused(const Body& body) {
    const bool id = body.producer_id != kNoProducerId;
    const bool epoch = body.producer_epoch != kNoProducerEpoch;
    if (id != epoch) return ErrorCode::INVALID_REQUEST;
    if (!body.transactional_id.is_null() && body.transactional_id.value_or_empty().empty()) {
        return ErrorCode::INVALID_REQUEST;
    }
    return ErrorCode::NONE;
}

Response none() {
    Response response;
    response.producer_id = kNoProducerId;
    response.producer_epoch = kNoProducerEpoch;
    return response;
}

void give_new_id(Services& services, Reply<Response> reply) {
    auto& executor = reply.executor();
    services.producer_ids->next(executor,
                                [reply = std::move(reply)](Result<ProducerId> id) mutable {
                                    auto response = none();
                                    if (id) {
                                        response.producer_id = *id;
                                        response.producer_epoch = ProducerEpoch(0);
                                    } else {
                                        response.error_code = id.error().code;
                                    }
                                    reply.send(response);
                                });
}

void ask_coordinator(Services& services, const Request<Body>& request, Reply<Response> reply) {
    txn::InitProducer asked;
    asked.transactional_id = request.body.transactional_id.value_or_empty();
    asked.timeout = request.body.transaction_timeout_ms;
    asked.expected_id = request.body.producer_id;
    asked.expected_epoch = request.body.producer_epoch;
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    gather->response = none();
    auto done = gather->template part<Result<txn::Reply>>(
        [gather = gather.get(), version = request.version](Result<txn::Reply> answer) {
            auto& response = gather->response;
            response.error_code = answer ? answer->error : answer.error().code;
            const bool unknown_error =
                response.error_code == ErrorCode::PRODUCER_FENCED && version < ApiVersion(4);
            if (unknown_error) response.error_code = ErrorCode::INVALID_PRODUCER_EPOCH;
            if (response.error_code != ErrorCode::NONE) return;
            response.producer_id = answer->producer_id;
            response.producer_epoch = answer->producer_epoch;
        });
    const auto id = asked.transactional_id;
    services.transactions.submit(id, std::move(asked), std::move(done));
    gather->finish_one();
}

void init_producer_id(Services& services, const Request<Body>& request, Reply<Response> reply) {
    auto response = none();
    response.error_code = refused(request.body);
    if (response.error_code != ErrorCode::NONE) return reply.send(response);
    if (request.body.transactional_id.is_null()) return give_new_id(services, std::move(reply));
    ask_coordinator(services, request, std::move(reply));
}

}  // namespace

MILENA_HANDLER(InitProducerId, init_producer_id)

}  // namespace milena::api
