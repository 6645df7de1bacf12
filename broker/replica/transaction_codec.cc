#include "broker/replica/transaction_codec.h"

#include <algorithm>

namespace milena::replica {
namespace {

namespace txn = coordinator::txn;

// The partitions of a topic stand in another field of each of the two requests.
template <class Topic>
Array<Topic> topics_of(const txn::Partitions& partitions, Array<PartitionIndex> Topic::* field,
                       Arena& arena) {
    auto topics = Array<Topic>::make(arena, partitions.size());
    std::size_t t = 0;
    for (const auto& [name, indexes] : partitions) {
        auto& topic = topics[t++];
        topic.name = arena.copy(name);
        topic.*field = Array<PartitionIndex>::make(arena, indexes.size());
        std::ranges::copy(indexes, (topic.*field).begin());
    }
    return topics;
}

template <class Verb>
msg::AddPartitionsToTxnRequest message_of(const Verb& request, bool verify_only, Arena& arena) {
    using Message = msg::AddPartitionsToTxnRequest;
    Message message;
    message.transactions = Array<Message::AddPartitionsToTxnTransaction>::make(arena, 1);
    auto& transaction = message.transactions[0];
    transaction.transactional_id = arena.copy(request.transactional_id);
    transaction.producer_id = request.producer_id;
    transaction.producer_epoch = request.producer_epoch;
    transaction.verify_only = verify_only;
    transaction.topics =
        topics_of(request.partitions, &Message::AddPartitionsToTxnTopic::partitions, arena);
    return message;
}

}  // namespace

msg::WriteTxnMarkersRequest to_message(const txn::Partitions& partitions,
                                       const log::TransactionEnd& end, Arena& arena) {
    using Message = msg::WriteTxnMarkersRequest;
    Message message;
    message.markers = Array<Message::WritableTxnMarker>::make(arena, 1);
    auto& marker = message.markers[0];
    marker.producer_id = end.producer_id;
    marker.producer_epoch = end.producer_epoch;
    marker.transaction_result = end.marker.type == ControlType::commit;
    marker.topics =
        topics_of(partitions, &Message::WritableTxnMarkerTopic::partition_indexes, arena);
    marker.coordinator_epoch = end.marker.coordinator_epoch;
    marker.transaction_version = static_cast<std::int8_t>(
        end.raises_epoch ? txn::ClientVersion::implicit : txn::ClientVersion::classic);
    return message;
}

msg::AddPartitionsToTxnRequest to_message(const txn::LeaderQuestion& question, Arena& arena) {
    const bool verify_only = std::holds_alternative<txn::VerifyPartitions>(question);
    return std::visit([&](const auto& asked) { return message_of(asked, verify_only, arena); },
                      question);
}

MarkerAnswer from_message(const msg::WriteTxnMarkersResponse& response) {
    MarkerAnswer answer;
    for (const auto& marker : response.markers) {
        for (const auto& topic : marker.topics) {
            for (const auto& partition : topic.partitions) {
                const bool unknown = partition.error_code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
                answer.set(topic.name, partition.partition_index,
                           unknown ? ErrorCode::NOT_LEADER_OR_FOLLOWER : partition.error_code);
            }
        }
    }
    return answer;
}

Result<txn::Reply> from_message(const msg::AddPartitionsToTxnResponse& response) {
    if (response.error_code != ErrorCode::NONE) {
        return fail(response.error_code, "the coordinator of the transaction refuses");
    }
    txn::Reply reply;
    for (const auto& transaction : response.results_by_transaction) {
        for (const auto& topic : transaction.topic_results) {
            for (const auto& partition : topic.results_by_partition) {
                const auto code = partition.partition_error_code;
                if (code == ErrorCode::NONE) continue;
                if (code == ErrorCode::TRANSACTION_ABORTABLE) {
                    txn::add_partition(reply.missing, topic.name, partition.partition_index);
                } else {
                    reply.error = code;
                }
            }
        }
    }
    return reply;
}

}  // namespace milena::replica
