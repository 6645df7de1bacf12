#include "replication/metadata/topic_rules.h"

#include "replication/metadata/directories.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_versions.h"

#include <algorithm>
#include <charconv>

namespace milena::metadata {
namespace {

const std::string* dynamic_setting(const DecideContext& context, std::string_view topic,
                                   std::string_view name) {
    const auto find = [&](ResourceType type, std::string_view resource) -> const std::string* {
        const ConfigMap& values = context.image.config(type, resource);
        const auto at = values.find(name);
        return at == values.end() ? nullptr : &at->second;
    };
    if (const auto* value = find(ResourceType::topic, topic)) return value;
    const auto node = std::to_string(context.options.node.value());
    if (const auto* value = find(ResourceType::broker, node)) return value;
    return find(ResourceType::broker, "");
}

}  // namespace

bool has_elr(const Image& image) {
    return image.feature_level(kElrFeature) >= 1 &&
           image.feature_level(kMetadataVersionFeature) >= kMetadataVersion40Iv1;
}

std::size_t effective_min_isr(const DecideContext& context, const TopicImage& topic) {
    std::int32_t min_isr = context.options.min_insync_replicas;
    if (const auto* value = dynamic_setting(context, topic.name, "min.insync.replicas")) {
        std::from_chars(value->data(), value->data() + value->size(), min_isr);
    }
    const auto replicas = topic.partitions.front()->replicas.size();
    return std::min(static_cast<std::size_t>(std::max(min_isr, 1)), replicas);
}

bool allows_unclean_election(const DecideContext& context, std::string_view topic) {
    const auto* value = dynamic_setting(context, topic, "unclean.leader.election.enable");
    return value ? *value == "true" : context.options.unclean_leader_election;
}

bool may_lead(const Image& image, const PartitionImage& partition, BrokerId id) {
    const BrokerImage* broker = image.broker(id);
    return broker && broker->is_active() && is_online(*broker, partition);
}

PartitionRules rules_of(const DecideContext& context, const TopicImage& topic) {
    PartitionRules rules;
    rules.metadata_version = context.image.feature_level(kMetadataVersionFeature);
    rules.has_elr = has_elr(context.image);
    rules.min_isr = effective_min_isr(context, topic);
    return rules;
}

PartitionRules rules_of(const DecideContext& context, const TopicImage& topic,
                        const PartitionImage& partition) {
    PartitionRules rules = rules_of(context, topic);
    rules.may_lead = [&](BrokerId id) { return may_lead(context.image, partition, id); };
    return rules;
}

}  // namespace milena::metadata
