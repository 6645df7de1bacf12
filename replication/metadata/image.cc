#include "replication/metadata/image.h"

#include "replication/metadata/broker_lists.h"
#include "replication/metadata/topic_names.h"

#include <algorithm>

namespace milena::metadata {
namespace {

template <class T>
const T* find_by_id(const std::vector<std::shared_ptr<const T>>& sorted, BrokerId id) {
    const auto at = std::lower_bound(
        sorted.begin(), sorted.end(), id,
        [](const std::shared_ptr<const T>& node, BrokerId wanted) { return node->id < wanted; });
    return at != sorted.end() && (*at)->id == id ? at->get() : nullptr;
}

template <class T>
bool same_nodes(const std::vector<std::shared_ptr<const T>>& a,
                const std::vector<std::shared_ptr<const T>>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return *x == *y; });
}

bool same_topic(const TopicImage& a, const TopicImage& b) {
    return a.name == b.name && a.id == b.id &&
           std::equal(a.partitions.begin(), a.partitions.end(), b.partitions.begin(),
                      b.partitions.end(),
                      [](const auto& x, const auto& y) { return x == y || (x && y && *x == *y); });
}

bool is_led_properly(const Image& image, const PartitionImage& partition) {
    const BrokerImage* leader = image.broker(partition.leader);
    return leader && (!leader->is_fenced || partition.replicas.size() == 1);
}

std::optional<std::string_view> check_partition(const Image& image,
                                                const PartitionImage& partition) {
    const auto& replicas = partition.replicas;
    const bool has_leader = partition.leader != kNoBroker;
    if (!contains_all(replicas, partition.isr) || !contains_all(replicas, partition.elr) ||
        (has_leader && !contains(replicas, partition.leader))) {
        return "IsrWithinReplicas";
    }
    if (has_leader && !contains(partition.isr, partition.leader)) return "LeaderInIsr";
    if (has_leader && !is_led_properly(image, partition)) return "LeaderNotFenced";
    if (without(partition.elr, partition.isr) != partition.elr) return "ElrDisjointFromIsr";
    if (!contains_all(replicas, partition.adding_replicas) ||
        !contains_all(replicas, partition.removing_replicas) ||
        without(partition.adding_replicas, partition.removing_replicas) !=
            partition.adding_replicas) {
        return "ReassignmentConsistent";
    }
    if (!partition.directories.empty() && partition.directories.size() != replicas.size()) {
        return "DirectoriesMatch";
    }
    return std::nullopt;
}

}  // namespace

const Endpoint* BrokerImage::endpoint(std::string_view listener) const {
    const auto at = std::find_if(endpoints.begin(), endpoints.end(),
                                 [&](const Endpoint& e) { return e.listener == listener; });
    return at == endpoints.end() ? nullptr : &*at;
}

const BrokerImage* Image::broker(BrokerId id) const {
    return find_by_id(brokers, id);
}

const ControllerImage* Image::controller(BrokerId id) const {
    return find_by_id(controllers, id);
}

const ConfigMap& Image::config(ResourceType type, std::string_view name) const {
    static const ConfigMap none;
    const ConfigImage* found = configs.find({type, name});
    return found ? found->values : none;
}

std::int16_t Image::feature_level(std::string_view name) const {
    const auto at = features.find(name);
    return at == features.end() ? std::int16_t{0} : at->second;
}

bool same_state(const Image& a, const Image& b) {
    if (a.topics_by_id.size() != b.topics_by_id.size() || a.configs.size() != b.configs.size() ||
        a.partition_count != b.partition_count || a.features != b.features ||
        a.next_producer_id != b.next_producer_id || *a.kept != *b.kept ||
        *a.client_quotas != *b.client_quotas || *a.scram != *b.scram || *a.acls != *b.acls ||
        !same_nodes(a.brokers, b.brokers) || !same_nodes(a.controllers, b.controllers)) {
        return false;
    }
    bool same = true;
    a.topics_by_id.for_each([&](const auto& topic) {
        const TopicImage* other = b.topic(topic->id);
        same = same && other && same_topic(*topic, *other);
    });
    a.configs.for_each([&](const auto& config) {
        same = same && b.config(config->resource.type, config->resource.name) == config->values;
    });
    return same;
}

std::optional<std::string_view> check_invariants(const Image& image) {
    std::optional<std::string_view> broken;
    const auto note = [&](std::optional<std::string_view> name) {
        if (!broken) broken = name;
    };
    std::size_t partitions = 0;
    std::size_t may_collide_count = 0;
    image.topics_by_id.for_each([&](const auto& topic) {
        if (image.topic(topic->name) != topic.get()) note("NamesMatchIds");
        may_collide_count += may_collide(topic->name);
        partitions += topic->partitions.size();
        for (const auto& partition : topic->partitions) {
            note(partition ? check_partition(image, *partition) : "PartitionsAreDense");
        }
    });
    if (image.topics_by_name.size() != image.topics_by_id.size()) note("NamesMatchIds");
    image.name_groups.for_each([&](const auto& group) {
        may_collide_count -= group->names.size();
        for (const auto& name : group->names) {
            if (!image.topic(name) || folded_name(name) != group->folded) note("NamesMatchIds");
        }
    });
    if (may_collide_count != 0) note("NamesMatchIds");
    if (image.partition_count != partitions) note("PartitionsAreDense");
    image.configs.for_each([&](const auto& config) {
        if (config->values.empty()) note("ConfigsAreNotEmpty");
    });
    return broken;
}

}  // namespace milena::metadata
