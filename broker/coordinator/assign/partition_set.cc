#include "broker/coordinator/assign/partition_set.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace milena::coordinator {

PartitionSet::PartitionSet(std::vector<TopicIdPartition> items) : items_(std::move(items)) {
    std::ranges::sort(items_);
    const auto repeated = std::ranges::unique(items_);
    items_.erase(repeated.begin(), repeated.end());
}

bool PartitionSet::contains(const TopicIdPartition& item) const {
    return std::ranges::binary_search(items_, item);
}

bool PartitionSet::includes(const PartitionSet& other) const {
    return std::ranges::includes(items_, other.items_);
}

void PartitionSet::append(const TopicIdPartition& item) {
    MILENA_ASSERT(items_.empty() || items_.back() < item);
    items_.push_back(item);
}

PartitionSet operator-(const PartitionSet& a, const PartitionSet& b) {
    PartitionSet result;
    std::ranges::set_difference(a.items_, b.items_, std::back_inserter(result.items_));
    return result;
}

PartitionSet operator&(const PartitionSet& a, const PartitionSet& b) {
    PartitionSet result;
    std::ranges::set_intersection(a.items_, b.items_, std::back_inserter(result.items_));
    return result;
}

PartitionSet operator|(const PartitionSet& a, const PartitionSet& b) {
    PartitionSet result;
    std::ranges::set_union(a.items_, b.items_, std::back_inserter(result.items_));
    return result;
}

}  // namespace milena::coordinator
