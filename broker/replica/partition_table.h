// Which partitions this node holds. Looked up on every produce and fetch, changed when the cluster
// metadata changes.
#pragma once

#include "broker/replica/partition.h"

#include <array>
#include <memory>
#include <shared_mutex>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace milena::replica {

class PartitionTable {
  public:
    // nullptr: not on this node (or no such partition).
    std::shared_ptr<Partition> find(TopicId topic, PartitionIndex index) const;
    void put(std::shared_ptr<Partition> partition);
    // What was there, or nullptr.
    std::shared_ptr<Partition> take(TopicId topic, PartitionIndex index);
    std::vector<std::shared_ptr<Partition>> all() const;
    std::size_t size() const;

  private:
    // Sharded by topic, so that a creation does not stop the lookups of everybody.
    struct Shard {
        mutable std::shared_mutex mutex;
        boost::unordered_flat_map<TopicId, std::vector<std::shared_ptr<Partition>>,
                                  std::hash<TopicId>>
            topics;
    };
    static constexpr std::size_t kShards = 16;

    Shard& shard(TopicId topic) const { return shards_[std::hash<TopicId>{}(topic) % kShards]; }

    mutable std::array<Shard, kShards> shards_;
};

}  // namespace milena::replica
