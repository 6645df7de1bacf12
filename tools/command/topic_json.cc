#include "tools/command/topic_json.h"

#include <boost/json.hpp>

namespace milena::cli {
namespace {

namespace json = boost::json;

json::array ids(const std::vector<BrokerId>& brokers) {
    json::array out;
    for (const auto id : brokers) out.emplace_back(id.value());
    return out;
}

// Absent where the broker does not tell.
void add_ids(json::object& into, std::string_view key,
             const std::optional<std::vector<BrokerId>>& brokers) {
    if (brokers) into.emplace(key, ids(*brokers));
}

json::value leader(BrokerId id) {
    return id == kNoBroker ? json::value(nullptr) : json::value(id.value());
}

std::string_view source_name(client::ConfigSource source) {
    switch (source) {
        case client::ConfigSource::topic:
            return "topic";
        case client::ConfigSource::broker_dynamic:
            return "broker";
        case client::ConfigSource::broker_default_dynamic:
            return "cluster";
        case client::ConfigSource::broker_file:
            return "file";
        case client::ConfigSource::built_in:
            return "default";
        case client::ConfigSource::unknown:
            break;
    }
    return "unknown";
}

json::object partition_json(const client::PartitionDescription& partition,
                            const client::Reassignment* moving) {
    json::object out{{"partition", partition.index.value()},
                     {"leader", leader(partition.leader)},
                     {"replicas", ids(partition.replicas)},
                     {"isr", ids(partition.in_sync)},
                     {"offline", ids(partition.offline)}};
    add_ids(out, "elr", partition.eligible_leaders);
    add_ids(out, "last_known_elr", partition.last_known_eligible);
    if (moving != nullptr) {
        out.emplace("adding", ids(moving->adding));
        out.emplace("removing", ids(moving->removing));
    }
    return out;
}

json::object configs_json(const std::vector<client::ConfigEntry>& configs) {
    json::object out;
    for (const auto& config : configs) {
        json::object entry;
        if (config.value) {
            entry.emplace("value", *config.value);
        } else {
            entry.emplace("value", nullptr);
        }
        entry.emplace("source", source_name(config.source));
        out.emplace(config.name, std::move(entry));
    }
    return out;
}

}  // namespace

std::string created_json(std::string_view name, const client::CreatedTopic& created, bool existed) {
    json::object out{{"topic", name}, {"created", !existed}};
    if (!created.id.value().is_zero()) out.emplace("id", created.id.value().to_string());
    if (created.partitions > 0) {
        out.emplace("partitions", created.partitions);
        out.emplace("replication_factor", created.replication_factor);
    }
    return json::serialize(out);
}

std::string topics_json(std::span<const client::TopicInfo> topics) {
    json::array out;
    for (const auto& topic : topics) {
        const auto replicas = topic.partitions.empty() ? 0 : topic.partitions[0].replicas.size();
        out.push_back(json::object{{"topic", topic.name},
                                   {"id", topic.id.value().to_string()},
                                   {"internal", topic.internal},
                                   {"partitions", topic.partitions.size()},
                                   {"replication_factor", replicas}});
    }
    return json::serialize(out);
}

std::string descriptions_json(const kafka_tools::TopicsReport& report) {
    json::array out;
    for (const auto& topic : report.topics) {
        json::array partitions;
        for (const auto& partition : topic.partitions) {
            const auto at = report.reassignments.find({topic.name, partition.index});
            partitions.push_back(partition_json(
                partition, at == report.reassignments.end() ? nullptr : &at->second));
        }
        json::object object{{"topic", topic.name},
                            {"id", topic.id.value().to_string()},
                            {"internal", topic.internal},
                            {"partitions", std::move(partitions)}};
        if (const auto at = report.configs.find(topic.name); at != report.configs.end()) {
            object.emplace("configs", configs_json(at->second));
        }
        out.push_back(std::move(object));
    }
    return json::serialize(out);
}

std::string done_json(std::string_view verb, const std::vector<std::string>& names) {
    json::array list;
    for (const auto& name : names) list.emplace_back(name);
    return json::serialize(json::object{{verb, std::move(list)}});
}

}  // namespace milena::cli
