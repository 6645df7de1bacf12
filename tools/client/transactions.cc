#include "tools/client/transactions.h"

#include "tools/client/group_calls.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace milena::client {
namespace {

std::string name_of(const TopicPartition& partition) {
    return fmt::format("{}-{}", partition.first, partition.second.value());
}

Status list_on(Cluster& cluster, BrokerId id, const msg::ListTransactionsRequest& request,
               std::vector<TransactionListing>& found) {
    const auto deadline = cluster.operation_deadline();
    while (true) {
        MILENA_ASSIGN(Connection* const connection, cluster.broker(id));
        const auto reply = connection->call(request, cluster.request_deadline());
        if (!reply) {
            cluster.forget(connection);
            return std::unexpected(reply.error());
        }
        const auto code = (*reply)->message.error_code;
        if (code == ErrorCode::NONE) {
            for (const auto& listed : (*reply)->message.transaction_states) {
                found.push_back({std::string(listed.transactional_id), id, listed.producer_id,
                                 std::string(listed.transaction_state)});
            }
            return {};
        }
        if (!coordinator_may_come(cluster, code, deadline)) {
            return fail(code, fmt::format("broker {} cannot list its transactions: {}", id.value(),
                                          error_name(code)));
        }
    }
}

// The partition's leader, when no broker is named.
Result<BrokerId> broker_to_ask(Cluster& cluster, const TopicPartition& partition,
                               std::optional<BrokerId> broker) {
    if (broker) {
        if (!cluster.brokers().contains(*broker)) MILENA_TRY(cluster.topics({}, false));
        return *broker;
    }
    MILENA_ASSIGN(const auto topics, cluster.topics(std::span(&partition.first, 1), false));
    for (const auto& topic : topics) {
        if (topic.error != ErrorCode::NONE) {
            return fail(topic.error,
                        fmt::format("topic '{}': {}", partition.first, error_name(topic.error)));
        }
        const auto at =
            std::ranges::find(topic.partitions, partition.second, &PartitionInfo::index);
        if (at == topic.partitions.end()) break;
        if (at->leader != kNoBroker) return at->leader;
        return fail(ErrorCode::LEADER_NOT_AVAILABLE,
                    fmt::format("partition {} has no leader", name_of(partition)));
    }
    return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                fmt::format("there is no partition {}", name_of(partition)));
}

// Asks that broker, again while the leadership moves. `code_of(message)` is the partition's error.
template <class Request, class CodeOf>
Result<ReplyTo<Request>> ask_replica(Cluster& cluster, const TopicPartition& partition,
                                     std::optional<BrokerId> broker, const Request& request,
                                     CodeOf&& code_of) {
    const auto deadline = cluster.operation_deadline();
    while (true) {
        auto failure = Error{};
        const auto id = broker_to_ask(cluster, partition, broker);
        if (id) {
            MILENA_ASSIGN(Connection* const connection, cluster.broker(*id));
            auto reply = connection->call(request, cluster.request_deadline());
            const auto code = reply ? code_of((*reply)->message) : reply.error().code;
            if (code == ErrorCode::NONE) return reply;
            if (!reply) cluster.forget(connection);
            failure = reply ? Error{code, fmt::format("partition {}: {}", name_of(partition),
                                                      error_name(code))}
                            : reply.error();
        } else {
            failure = id.error();
        }
        const bool lasting = broker || failure.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        if (lasting || !cluster.try_again(failure, deadline)) return std::unexpected(failure);
    }
}

ProducerState state_of(const msg::DescribeProducersResponse::ProducerState& from) {
    ProducerState state{from.producer_id,   from.producer_epoch, from.coordinator_epoch,
                        from.last_sequence, from.last_timestamp, std::nullopt};
    if (from.current_txn_start_offset >= Offset(0)) {
        state.transaction_start = from.current_txn_start_offset;
    }
    return state;
}

// By producer id, as far as any coordinator knows it.
Result<std::map<ProducerId, std::string>> transactional_ids(
    Cluster& cluster, const std::vector<HangingTransaction>& candidates) {
    std::set<ProducerId> producers;
    for (const auto& candidate : candidates) producers.insert(candidate.producer.id);
    TransactionFilter filter;
    filter.producers.assign(producers.begin(), producers.end());
    MILENA_ASSIGN(const auto listed, list_transactions(cluster, filter));
    std::map<ProducerId, std::string> ids;
    for (const auto& one : listed) ids.emplace(one.producer_id, one.id);
    return ids;
}

bool holds(const TopicPartitions& partitions, const TopicPartition& partition) {
    const auto topic = partitions.find(partition.first);
    return topic != partitions.end() &&
           std::ranges::find(topic->second, partition.second) != topic->second.end();
}

}  // namespace

Result<std::vector<TransactionListing>> list_transactions(Cluster& cluster,
                                                          const TransactionFilter& filter) {
    std::vector<std::string_view> states(filter.states.begin(), filter.states.end());
    auto producers = filter.producers;
    msg::ListTransactionsRequest request;
    request.state_filters = Array<std::string_view>(states);
    request.producer_id_filters = Array<ProducerId>(producers);
    if (filter.longer_than) request.duration_filter = *filter.longer_than;
    if (!filter.pattern.empty()) request.transactional_id_pattern = filter.pattern;
    MILENA_TRY(cluster.topics({}, false));
    std::vector<BrokerId> ids;
    for (const auto& [id, endpoint] : cluster.brokers()) ids.push_back(id);
    std::vector<TransactionListing> found;
    for (const auto id : ids) MILENA_TRY(list_on(cluster, id, request, found));
    return found;
}

Result<TransactionDescription> describe_transaction(Cluster& cluster, const std::string& id) {
    using Request = msg::DescribeTransactionsRequest;
    MILENA_ASSIGN(const auto coordinator,
                  find_coordinator(cluster, id, CoordinatorOf::transaction));
    std::string_view name = id;
    Request request;
    request.transactional_ids = Array<std::string_view>(&name, 1);
    MILENA_ASSIGN(const auto reply,
                  ask_coordinator<Request>(
                      cluster, id, [&](ApiVersion) -> const Request& { return request; },
                      [](const msg::DescribeTransactionsResponse& message) {
                          return message.transaction_states.empty()
                                     ? ErrorCode::TRANSACTIONAL_ID_NOT_FOUND
                                     : message.transaction_states[0].error_code;
                      },
                      CoordinatorOf::transaction));
    const auto& from = reply->message.transaction_states[0];
    TransactionDescription description;
    description.id = id;
    description.coordinator = coordinator.id;
    description.producer_id = from.producer_id;
    description.producer_epoch = from.producer_epoch;
    description.state = from.transaction_state;
    description.timeout = from.transaction_timeout_ms;
    if (from.transaction_start_time_ms >= TimestampMs(0)) {
        description.start = from.transaction_start_time_ms;
    }
    for (const auto& topic : from.topics) {
        auto& partitions = description.partitions[std::string(topic.topic)];
        partitions.assign(topic.partitions.begin(), topic.partitions.end());
        std::ranges::sort(partitions);
    }
    return description;
}

Result<std::vector<ProducerState>> describe_producers(Cluster& cluster,
                                                      const TopicPartition& partition,
                                                      std::optional<BrokerId> broker) {
    using Request = msg::DescribeProducersRequest;
    auto index = partition.second;
    Request::TopicRequest topic;
    topic.name = partition.first;
    topic.partition_indexes = Array<PartitionIndex>(&index, 1);
    Request request;
    request.topics = Array<Request::TopicRequest>(&topic, 1);
    const auto is_whole = [](const msg::DescribeProducersResponse& message) {
        return !message.topics.empty() && !message.topics[0].partitions.empty();
    };
    MILENA_ASSIGN(const auto reply,
                  ask_replica(cluster, partition, broker, request, [&](const auto& message) {
                      return is_whole(message) ? message.topics[0].partitions[0].error_code
                                               : ErrorCode::UNKNOWN_SERVER_ERROR;
                  }));
    std::vector<ProducerState> producers;
    for (const auto& producer : reply->message.topics[0].partitions[0].active_producers) {
        producers.push_back(state_of(producer));
    }
    return producers;
}

Status abort_transaction(Cluster& cluster, const TopicPartition& partition,
                         const ProducerState& producer) {
    using Request = msg::WriteTxnMarkersRequest;
    auto index = partition.second;
    Request::WritableTxnMarkerTopic topic;
    topic.name = partition.first;
    topic.partition_indexes = Array<PartitionIndex>(&index, 1);
    Request::WritableTxnMarker marker;
    marker.producer_id = producer.id;
    marker.producer_epoch = ProducerEpoch(static_cast<std::int16_t>(producer.epoch));
    // A producer whose first transaction hangs has met no coordinator yet; 0 is before all of them.
    marker.coordinator_epoch = std::max(producer.coordinator_epoch, 0);
    marker.transaction_result = false;
    marker.topics = Array<Request::WritableTxnMarkerTopic>(&topic, 1);
    Request request;
    request.markers = Array<Request::WritableTxnMarker>(&marker, 1);
    MILENA_TRY(ask_replica(
        cluster, partition, std::nullopt, request, [](const msg::WriteTxnMarkersResponse& message) {
            const bool whole = !message.markers.empty() && !message.markers[0].topics.empty() &&
                               !message.markers[0].topics[0].partitions.empty();
            return whole ? message.markers[0].topics[0].partitions[0].error_code
                         : ErrorCode::UNKNOWN_SERVER_ERROR;
        }));
    return {};
}

Status terminate_transaction(Cluster& cluster, const std::string& id) {
    using Request = msg::InitProducerIdRequest;
    Request request;
    request.transactional_id = std::string_view(id);
    request.transaction_timeout_ms = Millis(1);  // nobody will use it
    MILENA_TRY(ask_coordinator<Request>(
        cluster, id, [&](ApiVersion) -> const Request& { return request; },
        [](const msg::InitProducerIdResponse& message) { return message.error_code; },
        CoordinatorOf::transaction));
    return {};
}

Result<std::vector<HangingTransaction>> find_hanging(Cluster& cluster,
                                                     std::span<const TopicPartition> partitions,
                                                     std::optional<BrokerId> broker,
                                                     Millis longer_than) {
    std::vector<HangingTransaction> candidates;
    for (const auto& partition : partitions) {
        MILENA_ASSIGN(const auto producers, describe_producers(cluster, partition, broker));
        const auto now = cluster.clock().wall_now();
        for (const auto& producer : producers) {
            const bool is_old = Millis(now - producer.last_timestamp) > longer_than;
            if (producer.transaction_start && is_old) candidates.push_back({partition, producer});
        }
    }
    if (candidates.empty()) return candidates;
    MILENA_ASSIGN(const auto ids, transactional_ids(cluster, candidates));
    std::map<std::string, TransactionDescription> known;
    for (const auto& [producer, id] : ids) {
        auto described = describe_transaction(cluster, id);
        if (described) {
            known.emplace(id, *std::move(described));
        } else if (described.error().code != ErrorCode::TRANSACTIONAL_ID_NOT_FOUND) {
            return std::unexpected(described.error());
        }
    }
    std::erase_if(candidates, [&](const HangingTransaction& candidate) {
        const auto id = ids.find(candidate.producer.id);
        if (id == ids.end()) return false;
        const auto described = known.find(id->second);
        return described != known.end() && holds(described->second.partitions, candidate.partition);
    });
    return candidates;
}

}  // namespace milena::client
