// The figures of a load as lines for a person and as JSON.
//
// MB and GB are 10^6 and 10^9 bytes of record batches; latencies are in milliseconds.
#pragma once

#include "tools/bench/idle_load.h"
#include "tools/bench/latency_load.h"
#include "tools/bench/load.h"
#include "tools/bench/rebalance_load.h"

#include <string>
#include <string_view>

namespace milena::bench {

std::string load_text(std::string_view name, const Figures& figures);
std::string load_json(std::string_view name, const Figures& figures);

std::string latency_text(const LatencyFigures& figures);
std::string latency_json(const LatencyFigures& figures);

std::string rebalance_text(const RebalanceFigures& figures);
std::string rebalance_json(const RebalanceFigures& figures);

std::string idle_text(const IdleFigures& figures);
std::string idle_json(const IdleFigures& figures);

}  // namespace milena::bench
