#include "tools/kafka/topics_describe.h"

#include "tools/kafka/java_text.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

std::string join(const std::vector<BrokerId>& ids) {
    std::string out;
    for (const auto id : ids) out += fmt::format("{}{}", out.empty() ? "" : ",", id.value());
    return out;
}

// "N/A" when the broker does not tell.
std::string join(const std::optional<std::vector<BrokerId>>& ids) {
    return ids ? join(*ids) : "N/A";
}

const client::Reassignment* find(const TopicsReport& report, const std::string& topic,
                                 PartitionIndex index) {
    const auto at = report.reassignments.find({topic, index});
    return at == report.reassignments.end() ? nullptr : &at->second;
}

// While replicas move, those being added do not count.
std::size_t replication_factor(const client::PartitionDescription& partition,
                               const client::Reassignment* moving) {
    if (moving == nullptr) return partition.replicas.size();
    const bool in_progress = std::ranges::any_of(partition.replicas, [&](BrokerId id) {
        return std::ranges::find(moving->adding, id) != moving->adding.end() ||
               std::ranges::find(moving->removing, id) != moving->removing.end();
    });
    return in_progress ? moving->replicas.size() - moving->adding.size()
                       : partition.replicas.size();
}

std::size_t min_in_sync(const std::vector<client::ConfigEntry>& configs) {
    const auto at =
        std::ranges::find(configs, std::string("min.insync.replicas"), &client::ConfigEntry::name);
    if (at == configs.end() || !at->value) return 1;
    return std::strtoull(at->value->c_str(), nullptr, 10);
}

bool picked(const client::PartitionDescription& partition, const client::Reassignment* moving,
            std::size_t min_isr, const TopicsReport& report, const DescribeFilter& filter) {
    if (!filter.picks_partitions()) return true;
    const bool has_leader = partition.leader != kNoBroker;
    const auto in_sync = partition.in_sync.size();
    return (filter.under_replicated && replication_factor(partition, moving) > in_sync) ||
           (filter.unavailable &&
            (!has_leader || !report.live_brokers.contains(partition.leader))) ||
           (filter.under_min_isr && (!has_leader || in_sync < min_isr)) ||
           (filter.at_min_isr && in_sync == min_isr);
}

std::string partition_line(const std::string& topic, const client::PartitionDescription& partition,
                           const client::Reassignment* moving) {
    std::string line = fmt::format(
        "\tTopic: {}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}", topic,
        partition.index.value(),
        partition.leader == kNoBroker ? "none" : std::to_string(partition.leader.value()),
        join(partition.replicas), join(partition.in_sync));
    if (moving != nullptr) {
        line += fmt::format("\tAdding Replicas: {}\tRemoving Replicas: {}", join(moving->adding),
                            join(moving->removing));
    }
    return line + fmt::format("\tElr: {}\tLastKnownElr: {}\n", join(partition.eligible_leaders),
                              join(partition.last_known_eligible));
}

std::string topic_line(const client::TopicDescription& topic, const client::Reassignment* moving,
                       const std::string& configs) {
    std::string line = "Topic: " + topic.name;
    if (!topic.id.value().is_zero()) line += "\tTopicId: " + topic.id.value().to_string();
    const auto replicas =
        topic.partitions.empty() ? 0 : replication_factor(topic.partitions.front(), moving);
    return line + fmt::format("\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n",
                              topic.partitions.size(), replicas, configs);
}

// Settings that are not Kafka's built-in ones, in the order of Kafka's tool: that of a Java map.
std::string override_text(const std::vector<client::ConfigEntry>& configs) {
    std::vector<std::string> names;
    for (const auto& config : configs) names.push_back(config.name);
    std::string out;
    for (const auto index : java_map_order(names)) {
        const auto& config = configs[index];
        if (config.source == client::ConfigSource::built_in) continue;
        out += fmt::format("{}{}={}", out.empty() ? "" : ",", config.name,
                           config.value.value_or("null"));
    }
    return out;
}

}  // namespace

std::string describe_text(const TopicsReport& report, const DescribeFilter& filter) {
    std::string out;
    for (const auto& topic : report.topics) {
        const auto at = report.configs.find(topic.name);
        const auto& configs =
            at == report.configs.end() ? std::vector<client::ConfigEntry>() : at->second;
        const auto overrides = override_text(configs);
        if (!filter.picks_partitions() && (!filter.only_overrides || !overrides.empty())) {
            const auto first =
                topic.partitions.empty() ? PartitionIndex(0) : topic.partitions.front().index;
            out += topic_line(topic, find(report, topic.name, first), overrides);
        }
        if (filter.only_overrides) continue;
        const auto min_isr = min_in_sync(configs);
        for (const auto& partition : topic.partitions) {
            const auto* moving = find(report, topic.name, partition.index);
            if (picked(partition, moving, min_isr, report, filter)) {
                out += partition_line(topic.name, partition, moving);
            }
        }
    }
    return out;
}

}  // namespace milena::kafka_tools
