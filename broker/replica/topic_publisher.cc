#include "broker/replica/topic_publisher.h"

#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::replica {
namespace {

bool holds(const metadata::PartitionImage& partition, BrokerId self) {
    return std::find(partition.replicas.begin(), partition.replicas.end(), self) !=
           partition.replicas.end();
}

}  // namespace

void TopicPublisher::publish(const metadata::Image& after, const metadata::Delta& delta) {
    for (const auto& change : delta.topics) {
        if (!change.after) {
            close_topic(*change.before);
        } else {
            claim_or_change(after, *change.after, change.partitions);
        }
    }
    started_ = true;
    for (const auto& resource : delta.configs) change_settings(after, resource);
}

void TopicPublisher::close_topic(const metadata::TopicImage& topic) {
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        const PartitionIndex index(static_cast<std::int32_t>(i));
        const auto partition = table_.take(topic.id, index);
        if (!partition) continue;
        const auto delay = partition->settings()->log.file_delete_delay_ms;
        // Removal follows: what closing could not write is of no use any more.
        (void)partition->close(Partition::Closing::removed, now());
        auto status = store_.remove_partition(partition->name(), partition->directory(), delay);
        if (!status) {
            log_error("partition_not_removed", {{"partition", partition->name().label()},
                                                {"reason", status.error().detail}});
        }
    }
}

void TopicPublisher::claim_or_change(const metadata::Image& image,
                                     const metadata::TopicImage& topic,
                                     const std::vector<PartitionIndex>& changed) {
    const auto known_since =
        started_ ? LogStore::Known::created_now : LogStore::Known::since_before;
    std::shared_ptr<const TopicSettings> settings;
    for (const auto index : changed) {
        const auto* from = topic.partition(index);
        if (from == nullptr || !holds(*from, self_)) continue;
        if (const auto known = table_.find(topic.id, index)) {
            lead_or_stop(*known, *from, Offset(0));
            continue;
        }
        if (!settings) settings = settings_of_(image, topic.name);
        const PartitionName name{topic.name, topic.id, index};
        const auto dormant = store_.claim(name, known_since);
        auto partition =
            std::make_shared<Partition>(name, self_, dormant, store_, settings, flusher_);
        lead_or_stop(*partition, *from, dormant.high_watermark);
        table_.put(std::move(partition));
    }
}

void TopicPublisher::lead_or_stop(Partition& partition, const metadata::PartitionImage& from,
                                  Offset high_watermark) {
    if (from.leader == self_) {
        partition.become_leader({from.leader_epoch, from.partition_epoch, from.replicas, from.isr},
                                high_watermark, clock_.now());
    } else {
        partition.stop_leading(from.leader_epoch, from.partition_epoch, from.leader, clock_.now());
    }
}

void TopicPublisher::change_settings(const metadata::Image& image,
                                     const metadata::ConfigResource& resource) {
    const bool one_topic = resource.type == metadata::ResourceType::topic;
    if (!one_topic && resource.type != metadata::ResourceType::broker) return;
    std::shared_ptr<const TopicSettings> settings;
    std::string settings_topic;
    for (const auto& partition : table_.all()) {
        const auto& topic = partition->name().topic;
        if (one_topic && topic != resource.name) continue;
        if (!settings || settings_topic != topic) {
            settings = settings_of_(image, topic);
            settings_topic = topic;
        }
        partition->update_settings(settings, clock_.now());
    }
}

}  // namespace milena::replica
