#include "tools/bench/process_stats.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace milena::bench {
namespace {

TEST(ProcessStats, ReadsProcsFormatWhateverTheProgramIsCalled) {
    const auto stats = parse_process_stats(
        "42 (a ) b) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 200 ...",
        "1000 300 50 1 0 100 0", 100, 4096);
    ASSERT_TRUE(stats.has_value()) << stats.error().detail;
    EXPECT_EQ(stats->cpu, std::chrono::seconds(3));
    EXPECT_EQ(stats->resident_bytes, 300u * 4096);
    EXPECT_FALSE(parse_process_stats("garbage", "1 2", 100, 4096).has_value());
    EXPECT_FALSE(parse_process_stats("1 (x) S 1 2", "1 2", 100, 4096).has_value());
}

TEST(ProcessStats, ReadsThisProcess) {
    const auto stats = read_process_stats(::getpid());
    ASSERT_TRUE(stats.has_value()) << stats.error().detail;
    EXPECT_GT(stats->resident_bytes, 100'000u);
    EXPECT_GT(own_cpu_time(), Nanos(0));
    EXPECT_FALSE(read_process_stats(-1).has_value());
}

}  // namespace
}  // namespace milena::bench
