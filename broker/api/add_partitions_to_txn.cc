// AddPartitionsToTxn (24), v0-5: v0-3 from producers, v4-5 from brokers, for several transactions
// and optionally only to verify. KIP-98, KIP-890.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION (then OPERATION_NOT_ATTEMPTED for the others of
// the transaction), INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED (before v2
// INVALID_PRODUCER_EPOCH), CONCURRENT_TRANSACTIONS, TRANSACTION_ABORTABLE (verified, but not
// there), and those of the coordinator host. Rules: semantics L4. Differences from Kafka: waits a
// moment for the markers of a transaction that is in the way.
#include "protocol/msg/add_partitions_to_txn.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/replica/transaction_coordinator.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Body = msg::AddPartitionsToTxnRequest;
using Response = msg::AddPartitionsToTxnResponse;
using Topics = Array<Body::AddPartitionsToTxnTopic>;
using TopicResults = Array<Response::AddPartitionsToTxnTopicResult>;

struct Transaction {
    std::string_view transactional_id;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    bool verify_only = false;
    const Topics& topics;
};

TopicResults results_for(const Topics& topics, Arena& arena) {
    auto results = TopicResults::make(arena, topics.size());
    for (std::size_t t = 0; t < topics.size(); ++t) {
        const auto& indexes = topics[t].partitions;
        auto& partitions = results[t].results_by_partition;
        results[t].name = arena.copy(topics[t].name);
        partitions = std::remove_reference_t<decltype(partitions)>::make(arena, indexes.size());
        for (std::size_t p = 0; p < indexes.size(); ++p) {
            partitions[p].partition_index = indexes[p];
        }
    }
    return results;
}

template <class CodeOf>
void set_errors(TopicResults& results, CodeOf code_of) {
    for (auto& topic : results) {
        for (auto& partition : topic.results_by_partition) {
            partition.partition_error_code = code_of(topic.name, partition.partition_index);
        }
    }
}

// All or nothing: one unknown partition, and nothing is attempted.
bool refuse_unknown(const metadata::Image& image, TopicResults& results) {
    const auto is_known = [&](std::string_view name, PartitionIndex index) {
        const auto* topic = image.topic(name);
        return topic != nullptr && topic->partition(index) != nullptr;
    };
    bool all_known = true;
    set_errors(results, [&](std::string_view name, PartitionIndex index) {
        if (is_known(name, index)) return ErrorCode::OPERATION_NOT_ATTEMPTED;
        all_known = false;
        return ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    });
    return !all_known;
}

txn::Request request_for(const Transaction& asked, const Request<Body>& request) {
    txn::Partitions partitions;
    for (const auto& topic : asked.topics) {
        for (const auto index : topic.partitions) {
            txn::add_partition(partitions, topic.name, index);
        }
    }
    std::string id(asked.transactional_id);
    if (asked.verify_only) {
        return txn::VerifyPartitions{std::move(id), asked.producer_id, asked.producer_epoch,
                                     std::move(partitions)};
    }
    const bool from_producer = request.version < ApiVersion(4);
    return txn::AddPartitions{
        std::move(id),
        asked.producer_id,
        asked.producer_epoch,
        std::move(partitions),
        request.version >= ApiVersion(5) ? txn::ClientVersion::implicit
                                         : txn::ClientVersion::classic,
        txn::ConnectionNumber(from_producer ? request.connection.number() : 0)};
}

// Fills in `results`, which stand in the response of `gather`.
void ask(Services& services, const Request<Body>& request, const Transaction& asked,
         const std::shared_ptr<Gather<Response>>& gather, TopicResults& results) {
    if (refuse_unknown(*services.controller.image(), results)) return;
    auto done = gather->template part<Result<txn::Reply>>(
        [&results, version = request.version](Result<txn::Reply> answer) {
            auto code = answer ? answer->error : answer.error().code;
            if (code == ErrorCode::PRODUCER_FENCED && version < ApiVersion(2)) {
                code = ErrorCode::INVALID_PRODUCER_EPOCH;
            }
            set_errors(results, [&](std::string_view name, PartitionIndex index) {
                if (code == ErrorCode::NONE && txn::contains(answer->missing, name, index)) {
                    return ErrorCode::TRANSACTION_ABORTABLE;
                }
                return code;
            });
        });
    services.transactions.submit(asked.transactional_id, request_for(asked, request),
                                 std::move(done));
}

void add_partitions_to_txn(Services& services, const Request<Body>& request,
                           Reply<Response> reply) {
    const auto& body = request.body;
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    auto& response = gather->response;
    if (request.version < ApiVersion(4)) {
        const auto& topics = body.v3_and_below_topics;
        response.results_by_topic_v3_and_below = results_for(topics, gather->arena);
        ask(services, request,
            {body.v3_and_below_transactional_id, body.v3_and_below_producer_id,
             body.v3_and_below_producer_epoch, false, topics},
            gather, response.results_by_topic_v3_and_below);
    } else {
        auto& results = response.results_by_transaction;
        results = std::remove_reference_t<decltype(results)>::make(gather->arena,
                                                                   body.transactions.size());
        for (std::size_t i = 0; i < results.size(); ++i) {
            const auto& asked = body.transactions[i];
            results[i].transactional_id = gather->arena.copy(asked.transactional_id);
            results[i].topic_results = results_for(asked.topics, gather->arena);
            ask(services, request,
                {asked.transactional_id, asked.producer_id, asked.producer_epoch, asked.verify_only,
                 asked.topics},
                gather, results[i].topic_results);
        }
    }
    gather->finish_one();
}

}  // namespace

MILENA_HANDLER(AddPartitionsToTxn, add_partitions_to_txn)

}  // namespace milena::api
