// Connections of a load, spread over the leaders of a topic's partitions.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "tools/bench/prebuilt.h"
#include "tools/client/cluster.h"
#include "tools/client/socket.h"

#include <cstdint>
#include <string>
#include <vector>

namespace milena::bench {

struct Line {
    client::Socket socket;
    ApiVersion version;           // of the API that the load uses
    std::vector<Target> targets;  // the partitions this connection serves; all have one leader
};

// Waits until every partition of `topic` answers its leader (a fresh topic may still refuse), then
// opens `count` connections. Each serves the partitions of one leader; leaders take turns.
Result<std::vector<Line>> open_lines(client::Cluster& cluster, const std::string& topic,
                                     std::int32_t count, ApiKey api, std::int16_t oldest_version);

}  // namespace milena::bench
