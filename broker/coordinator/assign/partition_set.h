// A set of partitions of topics: what a member of a group owns, is to own, or must give up.
//
// Invariant SortedUnique: by topic id, then by partition, each once.
#pragma once

#include "protocol/base/ids.h"

#include <compare>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace milena::coordinator {

struct TopicIdPartition {
    TopicId topic;
    PartitionIndex partition;

    friend bool operator==(const TopicIdPartition&, const TopicIdPartition&) = default;
    friend auto operator<=>(const TopicIdPartition&, const TopicIdPartition&) = default;
};

class PartitionSet {
  public:
    PartitionSet() = default;
    PartitionSet(std::initializer_list<TopicIdPartition> items)
        : PartitionSet(std::vector<TopicIdPartition>(items)) {}
    // In any order, duplicates allowed.
    explicit PartitionSet(std::vector<TopicIdPartition> items);

    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }
    std::span<const TopicIdPartition> items() const { return items_; }

    bool contains(const TopicIdPartition& item) const;
    bool includes(const PartitionSet& other) const;
    void reserve(std::size_t count) { items_.reserve(count); }
    // `item` comes after everything that is in the set.
    void append(const TopicIdPartition& item);

    // Calls visit(topic, items) for each topic, the items being its partitions in order.
    template <class Visit>
    void for_each_topic(Visit&& visit) const {
        for (std::size_t begin = 0; begin < items_.size();) {
            std::size_t end = begin + 1;
            while (end < items_.size() && items_[end].topic == items_[begin].topic) ++end;
            visit(items_[begin].topic, items().subspan(begin, end - begin));
            begin = end;
        }
    }

    friend PartitionSet operator-(const PartitionSet& a, const PartitionSet& b);
    friend PartitionSet operator&(const PartitionSet& a, const PartitionSet& b);
    friend PartitionSet operator|(const PartitionSet& a, const PartitionSet& b);
    friend bool operator==(const PartitionSet&, const PartitionSet&) = default;

  private:
    std::vector<TopicIdPartition> items_;
};

}  // namespace milena::coordinator
