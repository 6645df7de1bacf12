// Follows the cluster metadata: claims and closes the partitions of this node, and gives them their
// roles and settings. Their logs are opened when somebody needs them.
//
// Runs on the quorum's executor, before the reply to whoever asked for the change: when
// CreateTopics answers, its partitions lead.
#pragma once

#include "broker/replica/log_store.h"
#include "broker/replica/partition_table.h"
#include "replication/metadata/image.h"

#include <functional>
#include <memory>

namespace milena::replica {

class TopicPublisher {
  public:
    // The settings of a topic under an image.
    using SettingsOf = std::function<std::shared_ptr<const TopicSettings>(const metadata::Image&,
                                                                          std::string_view topic)>;

    // `watcher` as Partition's.
    TopicPublisher(BrokerId self, LogStore& store, PartitionTable& table, Flusher& flusher,
                   const Clock& clock, PartitionWatcher* watcher, SettingsOf settings_of)
        : self_(self),
          store_(store),
          table_(table),
          flusher_(flusher),
          clock_(clock),
          watcher_(watcher),
          settings_of_(std::move(settings_of)) {}

    void publish(const metadata::Image& after, const metadata::Delta& delta);
    // Among several nodes the first image is not yet the cluster's: until it has joined, what comes
    // counts as created before. The first before the first image; both on the executor.
    void is_joining() { joining_ = true; }
    void has_joined() { joining_ = false; }

  private:
    // What this broker no longer holds: closed, and removed from disk.
    void drop(TopicId topic, PartitionIndex index);
    void claim_or_change(const metadata::Image& image, const metadata::TopicImage& topic,
                         const std::vector<PartitionIndex>& changed);
    void take_role(Partition& partition, const metadata::Image& image,
                   const metadata::PartitionImage& from, Offset high_watermark);
    void tell_place(const PartitionName& name, DirectoryIndex directory,
                    const metadata::PartitionImage& from);
    void tell_of_brokers(const metadata::Image& image);
    void change_settings(const metadata::Image& image, const metadata::ConfigResource& resource);
    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }

    const BrokerId self_;
    LogStore& store_;
    PartitionTable& table_;
    Flusher& flusher_;
    const Clock& clock_;
    PartitionWatcher* const watcher_;
    SettingsOf settings_of_;
    bool started_ = false;  // the first image has been published
    bool joining_ = false;
};

}  // namespace milena::replica
