#include "broker/net/connection_limits.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

// Keeps what is posted.
class Collecting final : public Executor {
  public:
    void post(Task task) override { tasks.push_back(std::move(task)); }
    bool is_current() const override { return true; }
    TimerId call_at(MonoTime, Task) override { return kNoTimer; }
    bool cancel(TimerId) override { return false; }
    MonoTime now() const override { return {}; }

    std::vector<Task> tasks;
};

TEST(ConnectionLimits, CountsPerAddressWithOverrides) {
    ConnectionLimits limits({100, 2, {{"10.0.0.9", 1}, {"10.0.0.7", 0}}});
    EXPECT_TRUE(limits.admit("10.0.0.1"));
    EXPECT_TRUE(limits.admit("10.0.0.1"));
    EXPECT_FALSE(limits.admit("10.0.0.1"));
    EXPECT_TRUE(limits.admit("10.0.0.2"));
    EXPECT_TRUE(limits.admit("10.0.0.9"));
    EXPECT_FALSE(limits.admit("10.0.0.9"));
    EXPECT_FALSE(limits.admit("10.0.0.7"));
    EXPECT_EQ(limits.count(), 4U);
    limits.release("10.0.0.1");
    EXPECT_TRUE(limits.admit("10.0.0.1"));
}

TEST(ConnectionLimits, WakesWhoeverWaitsForRoomWhenOneIsReleased) {
    ConnectionLimits limits({2, 100, {}});
    Collecting executor;
    EXPECT_TRUE(limits.has_room(executor, [] {}));
    limits.admit("a");
    limits.admit("b");
    EXPECT_FALSE(limits.has_room(executor, [] {}));
    EXPECT_FALSE(limits.has_room(executor, [] {}));
    EXPECT_TRUE(executor.tasks.empty());
    limits.release("a");
    EXPECT_EQ(executor.tasks.size(), 2U);
    EXPECT_TRUE(limits.has_room(executor, [] {}));
}

TEST(ConnectionLimits, NewValuesHoldFromNowOnAndWakeThoseWhoWait) {
    ConnectionLimits limits({1, 100, {}});
    Collecting executor;
    limits.admit("a");
    EXPECT_FALSE(limits.has_room(executor, [] {}));
    limits.update({3, 1, {}});
    EXPECT_EQ(executor.tasks.size(), 1U);
    EXPECT_TRUE(limits.has_room(executor, [] {}));
    EXPECT_FALSE(limits.admit("a"));
    EXPECT_TRUE(limits.admit("b"));
}

}  // namespace
}  // namespace milena::net
