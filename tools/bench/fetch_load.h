// Reads a topic as fast as the broker gives it out, from the beginning, and again from there. What
// arrives is thrown away in the kernel, so that the client costs next to nothing.
//
// The next offset is computed from the first batch of an answer as if all batches of the answer
// were like it; an answer always begins with the batch that holds the asked offset, so a wrong
// guess on a topic of mixed batches only reads a little twice or skips a little.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/bench/prebuilt.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::bench {

struct FetchLoad {
    std::string topic;
    std::int32_t connections = 1;
    FetchShape shape;
    Measure measure;
};

// Latency is that of single fetches. Fails when the topic is empty.
Result<Figures> run_fetch_load(client::Cluster& cluster, const FetchLoad& load);

}  // namespace milena::bench
