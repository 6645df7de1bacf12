#include "broker/replica/topic_publisher.h"

#include "protocol/base/logger.h"
#include "replication/metadata/directories.h"

#include <algorithm>

namespace milena::replica {
namespace {

bool holds(const metadata::PartitionImage& partition, BrokerId self) {
    return std::find(partition.replicas.begin(), partition.replicas.end(), self) !=
           partition.replicas.end();
}

std::vector<partition::BrokerView> views_of(const metadata::Image& image,
                                            const std::vector<BrokerId>& ids) {
    std::vector<partition::BrokerView> views;
    for (const auto id : ids) {
        const auto* broker = image.broker(id);
        if (broker == nullptr) continue;
        views.push_back({.id = id,
                         .epoch = broker->epoch,
                         .alive = !broker->is_fenced,
                         .active = broker->is_active(),
                         .rack = broker->rack.value_or(std::string())});
    }
    return views;
}

}  // namespace

void TopicPublisher::publish(const metadata::Image& after, const metadata::Delta& delta) {
    for (const auto& change : delta.topics) {
        if (change.after) {
            claim_or_change(after, *change.after, change.partitions);
            continue;
        }
        for (std::size_t i = 0; i < change.before->partitions.size(); ++i) {
            drop(change.before->id, PartitionIndex(static_cast<std::int32_t>(i)));
        }
    }
    started_ = true;
    if (!delta.brokers.empty()) tell_of_brokers(after);
    for (const auto& resource : delta.configs) change_settings(after, resource);
}

void TopicPublisher::drop(TopicId topic, PartitionIndex index) {
    const auto partition = table_.take(topic, index);
    if (!partition) return;
    const auto delay = partition->settings()->log.file_delete_delay_ms;
    // Removal follows: what closing could not write is of no use any more.
    (void)partition->close(Partition::Closing::removed, now());
    auto status = store_.remove_partition(partition->name(), partition->directory(), delay);
    if (!status) {
        log_error("partition_not_removed",
                  {{"partition", partition->name().label()}, {"reason", status.error().detail}});
    }
}

void TopicPublisher::claim_or_change(const metadata::Image& image,
                                     const metadata::TopicImage& topic,
                                     const std::vector<PartitionIndex>& changed) {
    const auto known_since =
        started_ && !joining_ ? LogStore::Known::created_now : LogStore::Known::since_before;
    std::shared_ptr<const TopicSettings> settings;
    for (const auto index : changed) {
        const auto* from = topic.partition(index);
        if (from == nullptr || !holds(*from, self_)) {
            drop(topic.id, index);
            continue;
        }
        if (const auto known = table_.find(topic.id, index)) {
            take_role(*known, image, *from, Offset(0));
            continue;
        }
        if (!settings) settings = settings_of_(image, topic.name);
        const PartitionName name{topic.name, topic.id, index};
        const auto dormant = store_.claim(name, known_since);
        auto partition =
            std::make_shared<Partition>(name, self_, dormant, store_, settings, flusher_, watcher_);
        tell_place(name, dormant.directory, *from);
        take_role(*partition, image, *from, dormant.high_watermark);
        table_.put(std::move(partition));
    }
}

// The controller knows it before when a broker has one directory only.
void TopicPublisher::tell_place(const PartitionName& name, DirectoryIndex directory,
                                const metadata::PartitionImage& from) {
    const auto id = store_.id_of(directory);
    // None while the cluster's metadata.version knows of no directories.
    const bool assigned = from.directories.size() == from.replicas.size();
    if (watcher_ == nullptr || !id || !assigned) return;
    const auto at = std::find(from.replicas.begin(), from.replicas.end(), self_);
    const auto& known = from.directories[static_cast<std::size_t>(at - from.replicas.begin())];
    if (known != *id && known != metadata::kMigratingDirectory) watcher_->on_placed(name, *id);
}

void TopicPublisher::take_role(Partition& partition, const metadata::Image& image,
                               const metadata::PartitionImage& from, Offset high_watermark) {
    if (from.leader != self_) {
        partition.become_follower({from.leader_epoch, from.partition_epoch, from.leader},
                                  high_watermark, now());
        return;
    }
    Leadership leadership{from.leader_epoch, from.partition_epoch, from.replicas, from.isr};
    if (from.replicas.size() > 1) leadership.brokers = views_of(image, from.replicas);
    partition.become_leader(leadership, high_watermark, clock_.now());
}

// Leaders of several replicas decide by it who may be in sync.
void TopicPublisher::tell_of_brokers(const metadata::Image& image) {
    for (const auto& partition : table_.all()) {
        const auto* topic = image.topic(partition->name().topic_id);
        const auto* from = topic == nullptr ? nullptr : topic->partition(partition->name().index);
        if (from == nullptr || from->leader != self_ || from->replicas.size() < 2) continue;
        partition->update_brokers(views_of(image, from->replicas), clock_.now());
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
