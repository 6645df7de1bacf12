#include "broker/net/system_clock.h"

#include "broker/net/kernel_random.h"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

TEST(SystemClock, MonotonicTimeNeverStepsBackAndWallTimeIsThisCentury) {
    const SystemClock clock;
    auto last = clock.now();
    for (int i = 0; i < 1000; ++i) {
        const auto now = clock.now();
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_GT(clock.wall_now(), TimestampMs(1'577'836'800'000)) << "1 January 2020";
    EXPECT_LT(clock.wall_now(), TimestampMs(4'102'444'800'000)) << "1 January 2100";
}

TEST(KernelRandom, NeverRepeatsItselfOverThreads) {
    KernelRandom random;
    constexpr int kThreads = 4;
    constexpr int kEach = 5000;
    std::vector<std::vector<std::uint64_t>> drawn(kThreads);
    {
        std::vector<std::jthread> threads;
        for (auto& mine : drawn) {
            threads.emplace_back([&] {
                for (int i = 0; i < kEach; ++i) mine.push_back(random.next());
            });
        }
    }
    std::set<std::uint64_t> all;
    for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kEach));
    EXPECT_FALSE(all.contains(0));
}

}  // namespace
}  // namespace milena::net
