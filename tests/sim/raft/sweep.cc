#include "tests/sim/raft/sweep.h"

namespace milena::raft::sim {

Scenario scenario_of(std::uint64_t seed) {
    SeededRandom random(seed ^ 0x5eed);
    Scenario scenario{.seed = seed};
    static constexpr int kVoters[] = {3, 3, 5, 1, 2, 4};
    scenario.voters = kVoters[random.below(std::size(kVoters))];
    scenario.observers = static_cast<int>(random.below(3));
    scenario.dynamic = random.below(2) == 0;
    return scenario;
}

std::optional<std::string> run_seed(std::uint64_t seed, Figures& figures) {
    World world(scenario_of(seed));
    auto broken = world.run();
    figures = world.figures();
    return broken;
}

std::string trace_of_seed(std::uint64_t seed) {
    World world(scenario_of(seed));
    world.keep_trace();
    world.run();
    return world.trace();
}

void add(Figures& sum, const Figures& figures) {
    sum.steps += figures.steps;
    sum.messages += figures.messages;
    sum.crashes += figures.crashes;
    sum.leaders += figures.leaders;
    sum.truncations += figures.truncations;
    sum.snapshots_loaded += figures.snapshots_loaded;
    sum.voter_changes += figures.voter_changes;
    sum.committed = sum.committed + figures.committed.value();
}

std::string text_of(const Figures& figures) {
    return std::to_string(figures.steps) + " steps, " + std::to_string(figures.messages) +
           " requests, " + std::to_string(figures.leaders) + " leaders, " +
           std::to_string(figures.crashes) + " crashes, " + std::to_string(figures.truncations) +
           " truncations, " + std::to_string(figures.snapshots_loaded) + " snapshots loaded, " +
           std::to_string(figures.voter_changes) + " voter changes, " +
           std::to_string(figures.committed.value()) + " records committed";
}

}  // namespace milena::raft::sim
