// How long a group takes when one member joins, and when it leaves: from the first request about it
// until every member has its part of the whole new assignment.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/group_member.h"
#include "tools/bench/load.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::bench {

struct RebalanceLoad {
    std::string topic;
    client::GroupProtocol protocol = client::GroupProtocol::classic;
    std::int32_t members = 10;  // with the one that comes and goes
    // Between the signs of life of a member. What a rebalance costs shows only when this is short.
    Millis heartbeat_interval{3};
    Measure measure;
};

struct RebalanceFigures {
    Figures joins;  // latency and number of what was measured
    Histogram leaves;
};

Result<RebalanceFigures> run_rebalance_load(client::Cluster& cluster, const RebalanceLoad& load);

}  // namespace milena::bench
