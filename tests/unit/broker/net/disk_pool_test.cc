#include "broker/net/disk_pool.h"

#include <atomic>
#include <future>
#include <memory>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

TEST(DiskPool, RunsTasksOnItsThreads) {
    std::promise<std::thread::id> ran;
    DiskPool pool(2, 1000);
    ASSERT_TRUE(pool.submit([&] { ran.set_value(std::this_thread::get_id()); }));
    EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(DiskPool, RefusesATaskUntouchedWhenTooManyWait) {
    std::promise<void> release;
    std::promise<void> entered;
    auto released = release.get_future();
    auto has_entered = entered.get_future();
    DiskPool pool(1, 2);  // last, so that it ends before what its task looks at
    ASSERT_TRUE(pool.submit([&] {
        entered.set_value();
        released.wait();
    }));
    has_entered.wait();
    ASSERT_TRUE(pool.submit([] {}));
    ASSERT_TRUE(pool.submit([] {}));
    bool ran = false;
    Task task = [&] { ran = true; };
    const auto refused = pool.submit(std::move(task));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(is_retriable(refused.error().code));
    ASSERT_TRUE(task != nullptr);
    task();
    EXPECT_TRUE(ran);
    release.set_value();
}

TEST(DiskPool, StopRunsWhatWasSubmittedAndRefusesTheRest) {
    std::atomic<int> ran{0};
    DiskPool pool(3, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.submit([&] { ++ran; }));
    pool.stop();
    EXPECT_EQ(ran, 500);
    const auto refused = pool.submit([&] { ++ran; });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::BROKER_NOT_AVAILABLE);
    EXPECT_EQ(ran, 500);
}

}  // namespace
}  // namespace milena::net
