#include "broker/api/partition_lookup.h"

namespace milena::api {
namespace {

Result<std::shared_ptr<replica::Partition>> held_here(const Services& services,
                                                      const metadata::TopicImage& topic,
                                                      PartitionIndex index) {
    if (auto partition = services.partitions.find(topic.id, index)) return partition;
    if (topic.partition(index) == nullptr) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    "topic " + topic.name + " has no partition " + std::to_string(index.value()));
    }
    return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                "this broker does not hold " + topic.name + "-" + std::to_string(index.value()));
}

}  // namespace

Result<std::shared_ptr<replica::Partition>> find_partition(const Services& services,
                                                           std::string_view topic,
                                                           PartitionIndex index) {
    const auto image = services.controller.image();
    const auto* found = image->topic(topic);
    if (found == nullptr) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    "there is no topic '" + std::string(topic) + "'");
    }
    return held_here(services, *found, index);
}

Result<std::shared_ptr<replica::Partition>> find_partition(const Services& services, TopicId topic,
                                                           PartitionIndex index) {
    // The usual case needs no look at the metadata.
    if (auto partition = services.partitions.find(topic, index)) return partition;
    const auto image = services.controller.image();
    const auto* found = image->topic(topic);
    if (found == nullptr) {
        return fail(ErrorCode::UNKNOWN_TOPIC_ID,
                    "there is no topic with id " + topic.value().to_string());
    }
    return held_here(services, *found, index);
}

}  // namespace milena::api
