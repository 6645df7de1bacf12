#include "broker/replica/partition_table.h"

#include <algorithm>
#include <mutex>

namespace milena::replica {

std::shared_ptr<Partition> PartitionTable::find(TopicId topic, PartitionIndex index) const {
    const auto& at = shard(topic);
    const std::shared_lock lock(at.mutex);
    const auto found = at.topics.find(topic);
    // A negative index becomes a very large one.
    const auto i = static_cast<std::size_t>(index.value());
    if (found == at.topics.end() || i >= found->second.size()) return nullptr;
    return found->second[i];
}

void PartitionTable::put(std::shared_ptr<Partition> partition) {
    const auto& name = partition->name();
    auto& at = shard(name.topic_id);
    const std::unique_lock lock(at.mutex);
    auto& partitions = at.topics[name.topic_id];
    const auto i = static_cast<std::size_t>(name.index.value());
    if (partitions.size() <= i) partitions.resize(i + 1);
    partitions[i] = std::move(partition);
}

std::shared_ptr<Partition> PartitionTable::take(TopicId topic, PartitionIndex index) {
    auto& at = shard(topic);
    const std::unique_lock lock(at.mutex);
    const auto found = at.topics.find(topic);
    const auto i = static_cast<std::size_t>(index.value());
    if (found == at.topics.end() || i >= found->second.size()) return nullptr;
    auto taken = std::move(found->second[i]);
    found->second[i] = nullptr;
    bool empty = true;
    for (const auto& partition : found->second) empty = empty && partition == nullptr;
    if (empty) at.topics.erase(found);
    return taken;
}

std::size_t PartitionTable::size() const {
    std::size_t count = 0;
    for (const auto& at : shards_) {
        const std::shared_lock lock(at.mutex);
        for (const auto& [id, of_topic] : at.topics) {
            count +=
                of_topic.size() - static_cast<std::size_t>(std::ranges::count(of_topic, nullptr));
        }
    }
    return count;
}

std::vector<std::shared_ptr<Partition>> PartitionTable::all() const {
    std::vector<std::shared_ptr<Partition>> partitions;
    for (const auto& at : shards_) {
        const std::shared_lock lock(at.mutex);
        for (const auto& [id, of_topic] : at.topics) {
            for (const auto& partition : of_topic) {
                if (partition) partitions.push_back(partition);
            }
        }
    }
    return partitions;
}

}  // namespace milena::replica
