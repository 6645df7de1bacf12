// Runs of the simulation by seed: the seed says how many nodes there are, too.
#pragma once

#include "tests/sim/raft/world.h"

#include <optional>
#include <string>

namespace milena::raft::sim {

Scenario scenario_of(std::uint64_t seed);
// nullopt when all invariants held.
std::optional<std::string> run_seed(std::uint64_t seed, Figures& figures);
std::string trace_of_seed(std::uint64_t seed);

void add(Figures& sum, const Figures& figures);
std::string text_of(const Figures& figures);

}  // namespace milena::raft::sim
