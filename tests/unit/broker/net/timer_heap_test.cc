#include "broker/net/timer_heap.h"

#include "protocol/base/random.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

MonoTime at(int millis) {
    return MonoTime(Millis{millis});
}

// Runs everything due.
void fire(TimerHeap& timers, MonoTime now) {
    while (auto task = timers.pop_due(now)) (*task)();
}

TEST(TimerHeap, FiresDueTimersInOrderOfTimeThenOfSetting) {
    TimerHeap timers;
    std::string fired;
    timers.add(at(5), [&] { fired += 'c'; });
    timers.add(at(3), [&] { fired += 'a'; });
    timers.add(at(3), [&] { fired += 'b'; });
    timers.add(at(9), [&] { fired += 'd'; });
    fire(timers, at(2));
    EXPECT_EQ(fired, "");
    fire(timers, at(5));
    EXPECT_EQ(fired, "abc");
    EXPECT_EQ(timers.earliest(), at(9));
}

TEST(TimerHeap, CancelledTimerNeverFiresAndItsTaskDiesAtOnce) {
    TimerHeap timers;
    auto held = std::make_shared<int>(1);
    const auto id = timers.add(at(1), [held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_TRUE(timers.cancel(id));
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(timers.cancel(id));
    fire(timers, at(10));
}

TEST(TimerHeap, IdOfAFiredTimerDoesNotCancelItsSuccessorInTheSlot) {
    TimerHeap timers;
    const auto first = timers.add(at(1), [] {});
    fire(timers, at(1));
    bool fired = false;
    const auto second = timers.add(at(2), [&] { fired = true; });
    EXPECT_NE(first, second);
    EXPECT_FALSE(timers.cancel(first));
    EXPECT_FALSE(timers.cancel(Executor::kNoTimer));
    fire(timers, at(2));
    EXPECT_TRUE(fired);
}

TEST(TimerHeap, BehavesLikeASortedMapUnderRandomUse) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        TimerHeap timers;
        std::multimap<MonoTime, int> model;
        std::map<int, std::pair<Executor::TimerId, MonoTime>> ids;
        std::vector<int> fired;
        int next = 0;
        MonoTime now{};
        for (int step = 0; step < 400; ++step) {
            const auto choice = random.below(10);
            if (choice < 5) {
                const auto when = now + Millis{static_cast<int>(random.below(50))};
                const int name = next++;
                ids[name] = {timers.add(when, [&fired, name] { fired.push_back(name); }), when};
                model.emplace(when, name);
            } else if (choice < 8 && next > 0) {
                const int name = static_cast<int>(random.below(static_cast<std::uint64_t>(next)));
                const auto [id, when] = ids[name];
                const auto range = model.equal_range(when);
                auto found = range.first;
                while (found != range.second && found->second != name) ++found;
                const bool known = found != range.second;
                if (known) model.erase(found);
                EXPECT_EQ(timers.cancel(id), known);
            } else {
                now += Millis{static_cast<int>(random.below(20))};
                fired.clear();
                fire(timers, now);
                std::vector<int> expected;
                while (!model.empty() && model.begin()->first <= now) {
                    expected.push_back(model.begin()->second);
                    model.erase(model.begin());
                }
                EXPECT_EQ(fired, expected);
            }
            timers.check_invariants();
            EXPECT_EQ(timers.size(), model.size());
        }
    }
}

}  // namespace
}  // namespace milena::net
