#include "tools/client/offsets.h"

#include <vector>

#include <fmt/format.h>

namespace milena::client {
namespace {

using Wanted = std::map<PartitionIndex, TimestampMs>;
using Found = std::map<PartitionIndex, Offset>;

Error refused(const std::string& topic, PartitionIndex partition, ErrorCode code) {
    return {code, fmt::format("partition {} of topic '{}': {}", partition.value(), topic,
                              error_name(code))};
}

// Asks one leader for `wanted`; what it tells is added to `found`. The last failure of a partition
// is the result.
Status ask_leader(Cluster& cluster, BrokerId leader, const std::string& topic, const Wanted& wanted,
                  Isolation isolation, Found& found) {
    using Request = msg::ListOffsetsRequest;
    MILENA_ASSIGN(Connection* const connection, cluster.broker(leader));
    std::vector<Request::ListOffsetsPartition> partitions;
    for (const auto& [index, time] : wanted) {
        Request::ListOffsetsPartition partition;
        partition.partition_index = index;
        partition.timestamp = time;
        partitions.push_back(partition);
    }
    Request::ListOffsetsTopic asked;
    asked.name = topic;
    asked.partitions = Array<Request::ListOffsetsPartition>(partitions);
    Request request;
    request.replica_id = BrokerId(-1);
    request.isolation_level = static_cast<std::int8_t>(isolation);
    request.topics = Array<Request::ListOffsetsTopic>(&asked, 1);
    request.timeout_ms = cluster.settings().request_timeout;
    const auto reply = connection->call(request, cluster.request_deadline());
    if (!reply) {
        cluster.forget(connection);
        return std::unexpected(reply.error());
    }
    Status status;
    for (const auto& answered : (*reply)->message.topics) {
        for (const auto& partition : answered.partitions) {
            if (partition.error_code == ErrorCode::NONE) {
                found[partition.partition_index] = partition.offset;
            } else {
                status = std::unexpected(
                    refused(topic, partition.partition_index, partition.error_code));
            }
        }
    }
    return status;
}

// One round over all leaders for what `found` still lacks.
Status ask_all(Cluster& cluster, const std::string& topic, const Wanted& wanted,
               Isolation isolation, Found& found) {
    MILENA_ASSIGN(const auto topics, cluster.topics(std::span(&topic, 1), false));
    if (topics.empty() || topics.front().error != ErrorCode::NONE) {
        const auto code =
            topics.empty() ? ErrorCode::UNKNOWN_TOPIC_OR_PARTITION : topics.front().error;
        return fail(code, fmt::format("topic '{}': {}", topic, error_name(code)));
    }
    std::map<BrokerId, Wanted> by_leader;
    Status status;
    for (const auto& [index, time] : wanted) {
        if (found.contains(index)) continue;
        const auto at = static_cast<std::size_t>(index.value());
        const auto& partitions = topics.front().partitions;
        if (index.value() < 0 || at >= partitions.size()) {
            return std::unexpected(refused(topic, index, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
        }
        if (partitions[at].leader == kNoBroker) {
            status = std::unexpected(refused(topic, index, ErrorCode::LEADER_NOT_AVAILABLE));
        } else {
            by_leader[partitions[at].leader].emplace(index, time);
        }
    }
    for (const auto& [leader, part] : by_leader) {
        if (auto asked = ask_leader(cluster, leader, topic, part, isolation, found); !asked) {
            status = std::move(asked);
        }
    }
    return status;
}

}  // namespace

Result<Found> list_offsets(Cluster& cluster, const std::string& topic, Wanted wanted,
                           Isolation isolation, MonoTime deadline) {
    Found found;
    while (true) {
        const auto status = ask_all(cluster, topic, wanted, isolation, found);
        if (status) return found;
        if (!cluster.try_again(status.error(), deadline)) return std::unexpected(status.error());
    }
}

}  // namespace milena::client
