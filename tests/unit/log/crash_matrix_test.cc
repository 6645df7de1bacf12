// Every crash of every scenario: after each change, with every legal fate of what was not synced,
// and the recovery crashed again. MILENA_CRASH_RECOVERIES and MILENA_SEED make a run larger or
// another one; tests/crash/run does.

#include "tests/unit/log/support/crash_matrix.h"

#include <cstdio>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::IsEmpty;
using testing::Not;

class CrashMatrix : public testing::TestWithParam<Scenario> {};

TEST_P(CrashMatrix, LeavesWhatWasPromised) {
    const MatrixOptions options{.recoveries = recovery_budget() / scenarios().size(),
                                .seed = crash_seed()};
    const auto result = run_matrix(GetParam(), options);
    std::printf("%s: %zu changes, %zu recoveries, %zu of them of crashed recoveries, seed %llu\n",
                GetParam().name, result.changes, result.recoveries, result.again,
                static_cast<unsigned long long>(options.seed));
    EXPECT_THAT(result.violations, IsEmpty());
    EXPECT_GT(result.recoveries, result.changes);
}

INSTANTIATE_TEST_SUITE_P(Log, CrashMatrix, testing::ValuesIn(scenarios()),
                         [](const auto& test) { return test.param.name; });

// Checks that cannot fail are none: a device that lies must be noticed.
TEST(CrashMatrixItself, NoticesADeviceThatDoesNotSync) {
    for (const Scenario& scenario : scenarios()) {
        MatrixOptions options{.recoveries = 300, .seed = crash_seed(), .ignore_syncs = true};
        EXPECT_THAT(run_matrix(scenario, options).violations, Not(IsEmpty())) << scenario.name;
    }
}

TEST(CrashMatrixItself, NoticesADeviceThatForgetsNames) {
    for (const Scenario& scenario : scenarios()) {
        MatrixOptions options{
            .recoveries = 300, .seed = crash_seed(), .ignore_directory_syncs = true};
        EXPECT_THAT(run_matrix(scenario, options).violations, Not(IsEmpty())) << scenario.name;
    }
}

}  // namespace
}  // namespace milena::log::test
