#include "broker/purgatory/waiter.h"

#include "tests/unit/broker/support/manual_executor.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

class Probe final : public Waiter {
  public:
    using Waiter::Waiter;
    bool complete = false;
    int looked = 0;
    std::vector<bool> answers;  // each: had it expired?

  private:
    bool ready() override {
        ++looked;
        return complete;
    }
    void answer(bool expired) override { answers.push_back(expired); }
};

TEST(Waiter, ManyWakesMakeOneLook) {
    ManualExecutor executor;
    const auto waiter = std::make_shared<Probe>(executor);
    waiter->wake();
    waiter->wake();
    executor.run();
    EXPECT_EQ(waiter->looked, 1);
    waiter->wake();
    executor.run();
    EXPECT_EQ(waiter->looked, 2);
    EXPECT_TRUE(waiter->answers.empty());
}

TEST(Waiter, AnswersOnceWhenReadyAndDropsItsTimer) {
    ManualExecutor executor;
    const auto waiter = std::make_shared<Probe>(executor);
    waiter->expire_at(executor.now() + Millis(100));
    waiter->complete = true;
    waiter->wake();
    executor.run();
    EXPECT_EQ(waiter->answers, std::vector<bool>{false});
    EXPECT_EQ(executor.timers(), 0U);
    waiter->wake();
    executor.advance(Millis(200));
    EXPECT_EQ(waiter->answers.size(), 1U);
    EXPECT_EQ(waiter->looked, 1);
}

TEST(Waiter, ExpiresAtItsDeadlineNotBefore) {
    ManualExecutor executor;
    const auto waiter = std::make_shared<Probe>(executor);
    waiter->expire_at(executor.now() + Millis(100));
    executor.advance(Millis(99));
    EXPECT_TRUE(waiter->answers.empty());
    executor.advance(Millis(1));
    EXPECT_EQ(waiter->answers, std::vector<bool>{true});
    waiter->complete = true;
    waiter->wake();
    executor.run();
    EXPECT_EQ(waiter->answers.size(), 1U) << "an expired reply is given once";
}

TEST(Waiter, LivesUntilItsLastWakeHasRun) {
    ManualExecutor executor;
    auto waiter = std::make_shared<Probe>(executor);
    const std::weak_ptr<Probe> alive = waiter;
    waiter->wake();
    waiter.reset();
    EXPECT_FALSE(alive.expired());
    executor.run();
    EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace milena
