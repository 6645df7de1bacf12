// EndTxn (26), v0-5. KIP-98, KIP-890 (v5: the producer gets another epoch with every end).
// Errors: INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED (before v2 INVALID_PRODUCER_EPOCH),
// INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS, and those of the coordinator host. Rules: semantics
// L5, L6. Differences from Kafka: a request that arrives late on an older connection decides
// nothing (KAFKA-17754; broker/coordinator/txn/end_transaction.cc).
#include "protocol/msg/end_txn.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/replica/transaction_coordinator.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Body = msg::EndTxnRequest;
using Response = msg::EndTxnResponse;

void end_txn(Services& services, const Request<Body>& request, Reply<Response> reply) {
    txn::EndTransaction asked;
    asked.transactional_id = request.body.transactional_id;
    asked.producer_id = request.body.producer_id;
    asked.producer_epoch = request.body.producer_epoch;
    asked.result = request.body.committed ? txn::EndResult::commit : txn::EndResult::abort;
    asked.client_version = request.version >= ApiVersion(5) ? txn::ClientVersion::implicit
                                                            : txn::ClientVersion::classic;
    asked.connection = txn::ConnectionNumber(request.connection.number());
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    auto done = gather->template part<Result<txn::Reply>>(
        [gather = gather.get(), version = request.version](Result<txn::Reply> answer) {
            auto& response = gather->response;
            response.error_code = answer ? answer->error : answer.error().code;
            const bool unknown_error =
                response.error_code == ErrorCode::PRODUCER_FENCED && version < ApiVersion(2);
            if (unknown_error) response.error_code = ErrorCode::INVALID_PRODUCER_EPOCH;
            if (response.error_code != ErrorCode::NONE) return;
            response.producer_id = answer->producer_id;
            response.producer_epoch = answer->producer_epoch;
        });
    const auto id = asked.transactional_id;
    services.transactions.submit(id, std::move(asked), std::move(done));
    gather->finish_one();
}

}  // namespace

MILENA_HANDLER(EndTxn, end_txn)

}  // namespace milena::api
