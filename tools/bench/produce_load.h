// Produces as fast as the broker takes it (closed loop: each connection keeps so many requests in
// flight) or at a rate (open loop: requests are due at fixed times, and latency counts from then
// on, however late they can leave; so a stall of the broker shows in full).
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/bench/prebuilt.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace milena::bench {

struct ProduceLoad {
    std::string topic;
    std::int32_t connections = 1;
    std::int32_t in_flight = 5;  // per connection
    BatchShape batch;
    std::int16_t acks = -1;
    Millis request_timeout{30'000};
    std::optional<double> requests_per_second;  // nothing: closed loop
    std::optional<std::uint64_t> stop_after_bytes;
    Measure measure;
};

// The topic exists and leads. Fails with the first error that the broker answers.
Result<Figures> run_produce_load(client::Cluster& cluster, const ProduceLoad& load);

}  // namespace milena::bench
