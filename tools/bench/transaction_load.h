// Transactions as fast as the broker takes them: each writes one record to so many partitions, and
// commits.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::bench {

struct TransactionLoad {
    std::string topic;  // every transaction writes to all of its partitions
    std::int32_t producers = 1;
    std::int32_t value_bytes = 100;
    Measure measure;
};

// `requests` are transactions, `latency` is of whole ones.
Result<Figures> run_transaction_load(client::Cluster& cluster, const TransactionLoad& load);

}  // namespace milena::bench
