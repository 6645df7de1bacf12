// How long a record takes from when it should have been produced until a consumer has it: one
// producer at a steady rate, one consumer that waits for it with long polls.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/bench/prebuilt.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <string>

namespace milena::bench {

struct LatencyLoad {
    std::string topic;  // with one partition, nobody else writes to it
    double requests_per_second = 500;
    BatchShape batch;
    std::int16_t acks = -1;  // or 1
    Millis request_timeout{30'000};
    Measure measure;
};

struct LatencyFigures {
    Figures end_to_end;     // produce to consume
    Histogram acknowledge;  // produce to answer
};

Result<LatencyFigures> run_latency_load(client::Cluster& cluster, const LatencyLoad& load);

}  // namespace milena::bench
