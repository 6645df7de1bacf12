// Random worlds of replicas, faults and elections (simulated_world.h). Seeds are printed;
// MILENA_SEED is the first one, MILENA_WORLDS how many there are of each kind.
#include "tests/unit/replication/partition/simulated_world.h"

#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void run_worlds(SimulationOptions options, std::uint64_t worlds) {
    const auto first = from_environment("MILENA_SEED", 1);
    const auto count = from_environment("MILENA_WORLDS", worlds);
    std::cout << "seeds " << first << " to " << first + count - 1 << std::endl;
    SimulationReport sum;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        options.seed = seed;
        SimulatedWorld world(options);
        const auto report = world.run();
        ASSERT_EQ(report.violation, "") << "replay with MILENA_SEED=" << seed << " MILENA_WORLDS=1";
        sum.events += report.events;
        sum.acknowledged += report.acknowledged;
        sum.elections += report.elections;
        sum.cuts += report.cuts;
        sum.crashes += report.crashes;
        sum.isr_changes += report.isr_changes;
    }
    std::cout << sum.events << " events, " << sum.acknowledged << " records acknowledged, "
              << sum.elections << " elections, " << sum.crashes << " crashes, " << sum.isr_changes
              << " changes of the ISR, " << sum.cuts << " cuts" << std::endl;
    // A world in which nothing happens proves nothing.
    EXPECT_GT(sum.acknowledged, 100 * count);
    EXPECT_GT(sum.elections, 2 * count);
    EXPECT_GT(sum.cuts, count / 4);
}

TEST(PartitionSimulation, WithDiskDurabilityNothingAcknowledgedIsEverLost) {
    run_worlds({.durability = Durability::disk}, 3);
}

TEST(PartitionSimulation, WithPageCacheDurabilityOneLivingIsrMemberKeepsWhatWasAcknowledged) {
    run_worlds({.durability = Durability::page_cache}, 3);
}

TEST(PartitionSimulation, UncleanElectionsLoseRecordsButReplicasAgreeAgain) {
    run_worlds({.durability = Durability::page_cache, .unclean = true}, 2);
}

}  // namespace
}  // namespace milena::partition
