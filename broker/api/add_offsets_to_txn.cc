// AddOffsetsToTxn (25), v0-4: the partition of __consumer_offsets that holds the group becomes part
// of the transaction. KIP-98.
// Errors: INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED (before v2 INVALID_PRODUCER_EPOCH),
// CONCURRENT_TRANSACTIONS, and those of the coordinator host. Rules: semantics L4.
#include "protocol/msg/add_offsets_to_txn.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "broker/replica/java_hash.h"
#include "broker/replica/transaction_coordinator.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Body = msg::AddOffsetsToTxnRequest;
using Response = msg::AddOffsetsToTxnResponse;

void add_offsets_to_txn(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto& body = request.body;
    const auto image = services.controller.image();
    const auto* offsets = image->topic(kGroupTopic);
    // Made when the group's coordinator is looked for, which the producer does next.
    const auto count =
        offsets != nullptr
            ? static_cast<std::int32_t>(offsets->partitions.size())
            : services.settings()->get(config::opt::broker::offsets_topic_num_partitions);
    txn::AddPartitions asked;
    asked.transactional_id = body.transactional_id;
    asked.producer_id = body.producer_id;
    asked.producer_epoch = body.producer_epoch;
    asked.connection = txn::ConnectionNumber(request.connection.number());
    txn::add_partition(asked.partitions, kGroupTopic,
                       PartitionIndex(replica::coordinator_partition(body.group_id, count)));
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    auto done = gather->template part<Result<txn::Reply>>(
        [gather = gather.get(), version = request.version](Result<txn::Reply> answer) {
            auto code = answer ? answer->error : answer.error().code;
            if (code == ErrorCode::PRODUCER_FENCED && version < ApiVersion(2)) {
                code = ErrorCode::INVALID_PRODUCER_EPOCH;
            }
            gather->response.error_code = code;
        });
    services.transactions.submit(body.transactional_id, std::move(asked), std::move(done));
    gather->finish_one();
}

}  // namespace

MILENA_HANDLER(AddOffsetsToTxn, add_offsets_to_txn)

}  // namespace milena::api
