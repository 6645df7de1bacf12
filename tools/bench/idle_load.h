// Opens many connections that then do nothing, and shows what they cost the broker.
#pragma once

#include "protocol/base/error.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace milena::bench {

struct IdleLoad {
    std::int32_t connections = 1000;
    // Each asks for the API versions first, as every client does.
    bool handshake = true;
    Millis hold{1000};
    std::vector<int> server_pids{};
};

struct IdleFigures {
    std::int32_t opened = 0;
    double seconds = 0;  // to open them
    std::optional<std::uint64_t> server_bytes_before;
    std::optional<std::uint64_t> server_bytes_after;
    std::optional<double> server_cpu_seconds;  // while they were held
};

Result<IdleFigures> run_idle_load(client::Cluster& cluster, const IdleLoad& load);

}  // namespace milena::bench
