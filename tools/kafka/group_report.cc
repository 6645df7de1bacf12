#include "tools/kafka/group_report.h"

#include "tools/client/offsets.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

using client::TopicPartition;

// Ends by partition; those of topics that are gone are left out.
Result<std::map<TopicPartition, Offset>> ends_of(client::Cluster& cluster,
                                                 const std::set<TopicPartition>& wanted) {
    std::map<std::string, std::map<PartitionIndex, TimestampMs>> by_topic;
    for (const auto& [topic, index] : wanted) by_topic[topic].emplace(index, client::kLatest);
    std::map<TopicPartition, Offset> ends;
    for (auto& [topic, partitions] : by_topic) {
        const auto found =
            client::list_offsets(cluster, topic, std::move(partitions),
                                 client::Isolation::read_uncommitted, cluster.operation_deadline());
        if (!found && found.error().code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) continue;
        if (!found) return std::unexpected(found.error());
        for (const auto& [index, end] : *found) ends.emplace(TopicPartition{topic, index}, end);
    }
    return ends;
}

}  // namespace

Result<std::vector<PositionRow>> positions(client::Cluster& cluster,
                                           const client::GroupDescription& group) {
    MILENA_ASSIGN(const auto committed, client::committed_offsets(cluster, group.id));
    std::vector<const client::GroupMember*> members;
    for (const auto& member : group.members) members.push_back(&member);
    const auto owned = [](const client::GroupMember* member) {
        std::size_t count = 0;
        for (const auto& [topic, partitions] : member->assignment) count += partitions.size();
        return count;
    };
    std::ranges::stable_sort(members, std::ranges::greater{}, owned);

    std::set<TopicPartition> wanted;
    std::vector<PositionRow> rows;
    const auto add = [&](const TopicPartition& where, const client::GroupMember* owner) {
        if (!wanted.insert(where).second) return;
        PositionRow row{where.first, where.second.value(), {}, {}, {}, owner};
        if (const auto at = committed.find(where); at != committed.end()) {
            row.current = at->second.offset.value();
            if (at->second.leader_epoch != kNoLeaderEpoch) {
                row.leader_epoch = at->second.leader_epoch.value();
            }
        }
        rows.push_back(std::move(row));
    };
    for (const auto* member : members) {
        for (const auto& [topic, partitions] : member->assignment) {
            for (const auto index : partitions) add({topic, index}, member);
        }
    }
    for (const auto& [where, position] : committed) add(where, nullptr);
    MILENA_ASSIGN(const auto ends, ends_of(cluster, wanted));
    for (auto& row : rows) {
        const auto end = ends.find({row.topic, PartitionIndex(row.partition)});
        if (end != ends.end()) row.end = end->second.value();
    }
    return rows;
}

Result<client::TopicPartitions> complete(client::Cluster& cluster,
                                         client::TopicPartitions partitions) {
    for (auto& [name, indexes] : partitions) {
        if (!indexes.empty()) continue;
        MILENA_ASSIGN(const auto topics, cluster.topics(std::span(&name, 1), false));
        if (topics.empty() || topics[0].error != ErrorCode::NONE) {
            return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                        fmt::format("topic '{}' does not exist", name));
        }
        for (const auto& partition : topics[0].partitions) indexes.push_back(partition.index);
    }
    return partitions;
}

client::TopicPartitions partitions_of(const client::CommittedOffsets& offsets) {
    client::TopicPartitions partitions;
    for (const auto& [where, offset] : offsets) partitions[where.first].push_back(where.second);
    return partitions;
}

Result<std::string> state_of(client::Cluster& cluster, const std::string& group) {
    const auto description = client::describe_group(cluster, group);
    if (description) return description->state;
    if (description.error().code == ErrorCode::GROUP_ID_NOT_FOUND) return "Dead";
    return std::unexpected(description.error());
}

}  // namespace milena::kafka_tools
