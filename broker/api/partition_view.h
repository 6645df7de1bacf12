// One partition as Metadata and DescribeTopicPartitions show it.
#pragma once

#include "broker/api/nodes.h"
#include "protocol/base/arena.h"
#include "protocol/base/error.h"

#include <algorithm>
#include <vector>

namespace milena::api {

inline Array<BrokerId> copy_nodes(Arena& arena, const std::vector<BrokerId>& nodes) {
    auto copy = Array<BrokerId>::make(arena, nodes.size());
    std::copy(nodes.begin(), nodes.end(), copy.begin());
    return copy;
}

inline Array<BrokerId> offline_replicas(Arena& arena, const metadata::Image& image,
                                        const metadata::PartitionImage& partition,
                                        std::string_view listener) {
    auto offline = Array<BrokerId>::make(arena, partition.replicas.size());
    std::size_t count = 0;
    for (const auto id : partition.replicas) {
        const auto* broker = image.broker(id);
        if (broker == nullptr || reachable(*broker, listener) == nullptr) offline[count++] = id;
    }
    return Array<BrokerId>(offline.data(), count);
}

struct LeaderView {
    ErrorCode error = ErrorCode::NONE;
    BrokerId id = kNoBroker;
};

// Semantics F4. `listener_errors`: the version knows LISTENER_NOT_FOUND (Metadata v6+).
inline LeaderView leader_view(const metadata::Image& image,
                              const metadata::PartitionImage& partition, std::string_view listener,
                              bool listener_errors) {
    const auto* broker = image.broker(partition.leader);
    if (broker == nullptr || broker->is_fenced) return {ErrorCode::LEADER_NOT_AVAILABLE, kNoBroker};
    if (broker->endpoint(listener) == nullptr) {
        return {listener_errors ? ErrorCode::LISTENER_NOT_FOUND : ErrorCode::LEADER_NOT_AVAILABLE,
                kNoBroker};
    }
    return {ErrorCode::NONE, partition.leader};
}

}  // namespace milena::api
