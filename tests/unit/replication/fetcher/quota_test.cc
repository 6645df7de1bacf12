#include "replication/fetcher/quota.h"

#include <gtest/gtest.h>

namespace milena::fetcher {
namespace {

MonoTime at(std::int64_t milliseconds) {
    return MonoTime(Millis(100'000 + milliseconds));
}

TEST(ReplicationQuota, WithoutARateNothingIsTooMuch) {
    ReplicationQuota quota;
    quota.record(1'000'000'000, at(0));
    EXPECT_FALSE(quota.is_exceeded(at(1)));
}

TEST(ReplicationQuota, IsHeldAgainstTheLastElevenSeconds) {
    ReplicationQuota quota;
    quota.set_rate(100);
    EXPECT_FALSE(quota.is_exceeded(at(0)));
    quota.record(1000, at(0));
    EXPECT_FALSE(quota.is_exceeded(at(0))) << "1000 bytes in ten seconds are 100 each";
    quota.record(1, at(0));
    EXPECT_TRUE(quota.is_exceeded(at(0)));
    EXPECT_FALSE(quota.is_exceeded(at(900))) << "time has passed";
    quota.record(1000, at(5000));
    EXPECT_TRUE(quota.is_exceeded(at(10'900)));
    EXPECT_FALSE(quota.is_exceeded(at(11'000))) << "the first second is forgotten";
    EXPECT_FALSE(quota.is_exceeded(at(100'000)));
}

TEST(ReplicationQuota, ARateOfZeroLetsOnlyTheFirstPass) {
    ReplicationQuota quota;
    quota.set_rate(0);
    EXPECT_FALSE(quota.is_exceeded(at(0)));
    quota.record(1, at(0));
    EXPECT_TRUE(quota.is_exceeded(at(1)));
}

}  // namespace
}  // namespace milena::fetcher
