// Which brokers get the replicas of new partitions.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milena::metadata {

struct UsableBroker {
    BrokerId id;
    std::optional<std::string> rack;
    bool is_fenced = false;
};

// `count` lists of `replication_factor` different brokers, the preferred leader first. Leaders go
// round the racks, and round the active brokers within each; the replicas of one partition are
// spread over as many racks as there are, and within a rack fenced brokers come after the others.
// The order of racks and brokers is drawn anew whenever every active broker has led once.
// INVALID_REPLICATION_FACTOR when there are fewer brokers, or all are fenced. (The rules are those
// of metadata/.../placement/StripedReplicaPlacer.java.)
Result<std::vector<std::vector<BrokerId>>> place_replicas(const std::vector<UsableBroker>& brokers,
                                                          std::int32_t count,
                                                          std::int16_t replication_factor,
                                                          Random& random);

}  // namespace milena::metadata
