// A small share of tests/sim/raft, which has the rest: `tests/sim/raft/run 1seeds N` replays seed
// N.
#include "tests/sim/raft/sweep.h"

#include <gtest/gtest.h>

namespace milena::raft::sim {
namespace {

TEST(RaftSimulation, NoSeedBreaksAnInvariant) {
    Figures sum;
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
        Figures figures;
        const auto broken = run_seed(seed, figures);
        EXPECT_FALSE(broken) << "seed " << seed << ": " << *broken;
        add(sum, figures);
    }
    // What the seeds are there for does happen in them.
    EXPECT_GT(sum.crashes, 20U) << text_of(sum);
    EXPECT_GT(sum.leaders, 50U) << text_of(sum);
    EXPECT_GT(sum.truncations, 5U) << text_of(sum);
    EXPECT_GT(sum.snapshots_loaded, 5U) << text_of(sum);
    EXPECT_GT(sum.voter_changes, 5U) << text_of(sum);
    EXPECT_GT(sum.committed, Offset(1000)) << text_of(sum);
}

TEST(RaftSimulation, ASeedIsAlwaysTheSameRun) {
    Figures first;
    Figures second;
    run_seed(7, first);
    run_seed(7, second);
    EXPECT_EQ(text_of(first), text_of(second));
}

}  // namespace
}  // namespace milena::raft::sim
