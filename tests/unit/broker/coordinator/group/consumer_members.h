// Members of consumer groups (KIP-848) as tests make them: clients that do what they are told, at
// once or late.
#pragma once

#include "broker/coordinator/group/consumer/state.h"
#include "tests/unit/broker/coordinator/group/test_shard.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace milena::coordinator::group {

inline TopicId test_topic_id(std::string_view name) {
    return TopicId(Uuid{std::hash<std::string_view>{}(name) | 1, 1000 + name.size()});
}

// A new image in which the topic has so many partitions; none: it is gone.
inline void set_topic(metadata::Image& image, const std::string& name, int partitions) {
    const auto topic = std::make_shared<metadata::TopicImage>();
    topic->name = name;
    topic->id = test_topic_id(name);
    for (int i = 0; i < partitions; ++i) {
        auto partition = std::make_shared<metadata::PartitionImage>();
        partition->replicas = {BrokerId(1)};
        topic->partitions.push_back(std::move(partition));
    }
    decltype(image.topics_by_name)::Editor by_name(image.topics_by_name);
    decltype(image.topics_by_id)::Editor by_id(image.topics_by_id);
    if (partitions == 0) {
        by_name.erase(name);
        by_id.erase(topic->id);
    } else {
        by_name.set(topic);
        by_id.set(topic);
    }
    image.provenance.end = image.provenance.end + 1;
}

inline PartitionSet partitions_of(const std::vector<TopicPartitions>& topics) {
    std::vector<TopicIdPartition> items;
    for (const auto& topic : topics)
        for (const auto partition : topic.partitions) items.push_back({topic.topic, partition});
    return PartitionSet(std::move(items));
}

inline PartitionSet partitions(std::string_view topic, std::vector<int> indices) {
    std::vector<TopicIdPartition> items;
    for (const int i : indices) items.push_back({test_topic_id(topic), PartitionIndex(i)});
    return PartitionSet(std::move(items));
}

inline std::vector<TopicPartitions> as_topics(const PartitionSet& set) {
    std::vector<TopicPartitions> topics;
    set.for_each_topic([&](TopicId id, auto items) {
        auto& topic = topics.emplace_back(TopicPartitions{id, {}});
        for (const auto& item : items) topic.partitions.push_back(item.partition);
    });
    return topics;
}

inline ConsumerGroupHeartbeat join_consumer(std::string group_id, std::string member_id,
                                            std::vector<std::string> topics) {
    ConsumerGroupHeartbeat request;
    request.group_id = std::move(group_id);
    request.member_id = std::move(member_id);
    request.rebalance_timeout = Millis(60'000);
    request.subscribed_topics = std::move(topics);
    request.owned.emplace();
    request.client = {"client", "/127.0.0.1"};
    return request;
}

// What the member says between changes.
inline ConsumerGroupHeartbeat report(std::string group_id, std::string member_id,
                                     std::int32_t epoch) {
    ConsumerGroupHeartbeat request;
    request.group_id = std::move(group_id);
    request.member_id = std::move(member_id);
    request.member_epoch = epoch;
    request.client = {"client", "/127.0.0.1"};
    return request;
}

// A client that keeps its epoch and gives up what it is told to with its next heartbeat.
class ConsumerClient {
  public:
    ConsumerClient(TestShard& shard, std::string group_id, std::string id,
                   std::vector<std::string> topics)
        : shard_(shard),
          join_(join_consumer(std::move(group_id), std::move(id), std::move(topics))) {}

    ConsumerGroupHeartbeat& settings() { return join_; }
    const std::string& id() const { return join_.member_id; }
    std::int32_t epoch() const { return epoch_; }
    const PartitionSet& owned() const { return owned_; }
    bool is_in() const { return epoch_ > 0; }

    ConsumerGroupHeartbeat::Reply join() {
        owned_ = {};
        epoch_ = 0;
        return take(shard_.now(join_));
    }
    ConsumerGroupHeartbeat::Reply beat() {
        auto request = report(join_.group_id, join_.member_id, epoch_);
        request.instance_id = join_.instance_id;
        request.owned = as_topics(owned_);
        return take(shard_.now(request));
    }
    ConsumerGroupHeartbeat::Reply leave(std::int32_t how = -1) {
        auto request = report(join_.group_id, join_.member_id, how);
        request.instance_id = join_.instance_id;
        owned_ = {};
        epoch_ = 0;
        return shard_.now(request);
    }

  private:
    ConsumerGroupHeartbeat::Reply take(ConsumerGroupHeartbeat::Reply reply) {
        if (reply.error.code != ErrorCode::NONE) {
            owned_ = {};
            epoch_ = 0;
            return reply;
        }
        epoch_ = reply.member_epoch;
        if (reply.assignment) owned_ = partitions_of(*reply.assignment);
        return reply;
    }

    TestShard& shard_;
    ConsumerGroupHeartbeat join_;
    std::int32_t epoch_ = 0;
    PartitionSet owned_;
};

}  // namespace milena::coordinator::group
