// Which replica a consumer is sent to (KIP-392, RackAwareReplicaSelector).
#pragma once

#include "replication/partition/state.h"

#include <string_view>

namespace milena::partition {

// For a consumer in `rack` that asks this leader for what begins at `offset`: the broker that it
// should ask instead, or kNoBroker to stay. An in-sync replica in its rack that holds the offset;
// of several the one that holds most, then the one that lags least. Only for
// replica.selector.class = RackAwareReplicaSelector and Fetch v11 and later.
BrokerId preferred_read_replica(const State& state, std::string_view rack, Offset offset,
                                MonoTime now);

}  // namespace milena::partition
