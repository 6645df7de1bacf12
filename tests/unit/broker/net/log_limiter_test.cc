#include "broker/net/log_limiter.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace std::chrono_literals;

TEST(LogLimiter, AdmitsOneLinePerSecondKindAndAddressAndCountsTheRest) {
    LogLimiter limiter;
    const MonoTime start(1h);
    EXPECT_EQ(limiter.admit("bad", "10.0.0.1", start), 0U);
    EXPECT_EQ(limiter.admit("bad", "10.0.0.1", start + 1ms), std::nullopt);
    EXPECT_EQ(limiter.admit("bad", "10.0.0.1", start + 999ms), std::nullopt);
    EXPECT_EQ(limiter.admit("bad", "10.0.0.2", start + 2ms), 0U);
    EXPECT_EQ(limiter.admit("worse", "10.0.0.1", start + 3ms), 0U);
    EXPECT_EQ(limiter.admit("bad", "10.0.0.1", start + 1s), 2U);
    EXPECT_EQ(limiter.admit("bad", "10.0.0.1", start + 1s), std::nullopt);
}

TEST(LogLimiter, FloodFromManyAddressesSharesOneLine) {
    LogLimiter limiter;
    const MonoTime start(1h);
    std::size_t lines = 0;
    for (std::size_t i = 0; i < 10 * LogLimiter::kKeysMax; ++i) {
        lines += limiter.admit("bad", std::to_string(i), start).has_value();
    }
    EXPECT_LE(lines, LogLimiter::kKeysMax + 1);
    EXPECT_GT(limiter.admit("bad", "a later one", start + 5s), std::nullopt);
}

}  // namespace
}  // namespace milena::net
