// Commits positions as fast as the broker takes them: every connection for a group of its own,
// which has no members.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::bench {

struct CommitLoad {
    std::string topic;
    std::string group_prefix = "milena-bench";
    std::int32_t connections = 8;
    std::int32_t in_flight = 5;  // per connection
    Measure measure;
};

// Each request commits one position of every partition of the topic. Fails with the first error
// that the broker answers.
Result<Figures> run_commit_load(client::Cluster& cluster, const CommitLoad& load);

}  // namespace milena::bench
