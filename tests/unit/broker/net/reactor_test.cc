#include "broker/net/reactor.h"

#include "broker/net/reactor_pool.h"
#include "broker/net/system_clock.h"
#include "tests/unit/broker/net/testing.h"

#include <atomic>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

struct RunningReactor {
    SystemClock clock;
    Reactor reactor{clock, "test"};

    RunningReactor() { reactor.start(); }
    // Runs `function` on the reactor and waits for it.
    template <class Function>
    void run(Function function) {
        std::promise<void> done;
        reactor.post([&] {
            function();
            done.set_value();
        });
        done.get_future().wait();
    }
};

TEST(Reactor, RunsTasksOfManyThreadsOnItsOwnInTheOrderOfEach) {
    RunningReactor running;
    constexpr int kThreads = 4;
    constexpr int kEach = 5000;
    std::vector<int> last(kThreads, -1);
    int wrong = 0;
    std::latch all(kThreads * kEach);
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                running.reactor.post([&, t, i] {
                    if (!running.reactor.is_current() || last[t] != i - 1) ++wrong;
                    last[t] = i;
                    all.count_down();
                });
            }
        });
    }
    all.wait();
    EXPECT_EQ(wrong, 0);
    EXPECT_FALSE(running.reactor.is_current());
}

TEST(Reactor, TaskPostedFromATaskRunsAfterIt) {
    RunningReactor running;
    std::string order;
    std::promise<void> done;
    running.reactor.post([&] {
        running.reactor.post([&] {
            order += 'b';
            done.set_value();
        });
        order += 'a';
    });
    done.get_future().wait();
    EXPECT_EQ(order, "ab");
}

TEST(Reactor, TimersFireInOrderAndNeverEarly) {
    RunningReactor running;
    std::vector<int> fired;
    bool early = false;
    std::promise<void> done;
    running.run([&] {
        auto& reactor = running.reactor;
        const auto start = reactor.now();
        for (const int delay : {30, 10, 20}) {
            reactor.call_at(start + Millis{delay}, [&, delay, start] {
                fired.push_back(delay);
                early |= running.clock.now() < start + Millis{delay};
                if (fired.size() == 3) done.set_value();
            });
        }
    });
    done.get_future().wait();
    EXPECT_EQ(fired, (std::vector{10, 20, 30}));
    EXPECT_FALSE(early);
}

TEST(Reactor, CancelledTimerDoesNotFireButTheLaterOneDoes) {
    RunningReactor running;
    std::promise<void> later;
    std::atomic<bool> cancelled_fired{false};
    running.run([&] {
        auto& reactor = running.reactor;
        const auto soon = reactor.call_at(reactor.now() + 5ms, [&] { cancelled_fired = true; });
        reactor.call_at(reactor.now() + 30ms, [&] { later.set_value(); });
        EXPECT_TRUE(reactor.cancel(soon));
        EXPECT_FALSE(reactor.cancel(soon));
    });
    later.get_future().wait();
    EXPECT_FALSE(cancelled_fired);
}

TEST(Reactor, NowStandsStillDuringATurnAndMovesBetweenTurns) {
    RunningReactor running;
    MonoTime first;
    MonoTime second;
    MonoTime next_turn;
    running.run([&] {
        first = running.reactor.now();
        while (running.clock.now() < first + 1ms) {
        }
        second = running.reactor.now();
    });
    running.run([&] { next_turn = running.reactor.now(); });
    EXPECT_EQ(first, second);
    EXPECT_GE(next_turn, first + 1ms);
}

TEST(Reactor, WorkAtTurnEndRunsOnceAfterTheWholeBurst) {
    struct Gathering final : TurnEnd {
        void on_turn_end() override { log->push_back('e'); }
        std::string* log = nullptr;
    };
    RunningReactor running;
    std::string log;
    Gathering gathering;
    gathering.log = &log;
    running.run([&] {
        // These two run in one later turn.
        running.reactor.post([&] {
            log += '1';
            running.reactor.at_turn_end(gathering);
        });
        running.reactor.post([&] { log += '2'; });
    });
    EXPECT_TRUE(eventually([&] {
        std::size_t size = 0;
        running.run([&] { size = log.size(); });
        return size == 3;
    }));
    running.run([&] { EXPECT_EQ(log, "12e"); });
}

TEST(Reactor, StopDestroysWaitingTasksAndRefusesLaterOnes) {
    auto held = std::make_shared<int>(0);
    RunningReactor running;
    running.run([&] {
        running.reactor.call_at(running.reactor.now() + 1h, [held] {});
        running.reactor.request_stop();
        running.reactor.post([held] { FAIL(); });
    });
    EXPECT_TRUE(running.reactor.join_until(std::chrono::steady_clock::now() + 10s));
    EXPECT_EQ(held.use_count(), 1);
    running.reactor.post([held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Reactor, TasksThatPostWhileTheyDieAreDestroyedToo) {
    struct PostsAtDeath {
        Reactor* reactor;
        std::shared_ptr<int> held;
        bool armed = true;
        PostsAtDeath(Reactor* r, std::shared_ptr<int> h) : reactor(r), held(std::move(h)) {}
        PostsAtDeath(PostsAtDeath&& other) noexcept
            : reactor(other.reactor),
              held(std::move(other.held)),
              armed(std::exchange(other.armed, false)) {}
        ~PostsAtDeath() {
            if (armed) reactor->post([kept = held] { FAIL(); });
        }
    };
    auto held = std::make_shared<int>(0);
    {
        RunningReactor running;
        running.run([&] {
            running.reactor.call_at(running.reactor.now() + 1h,
                                    [dying = PostsAtDeath(&running.reactor, held)] {});
        });
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(ReactorPool, StopNamesTheReactorWhoseHandlerDoesNotReturn) {
    const SystemClock clock;
    ReactorPool reactors(clock, 2);
    reactors.start();
    std::promise<void> release;
    std::promise<void> entered;
    reactors[1].post([&] {
        entered.set_value();
        release.get_future().wait();
    });
    entered.get_future().wait();
    const auto stopped = reactors.stop(50ms);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::REQUEST_TIMED_OUT);
    EXPECT_NE(stopped.error().detail.find("reactor-1"), std::string::npos);
    EXPECT_EQ(stopped.error().detail.find("reactor-0"), std::string::npos);
    release.set_value();
    EXPECT_TRUE(reactors.stop(10s));
}

TEST(Reactor, SurvivesAPostStorm) {
    RunningReactor running;
    std::atomic<int> ran{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 2000; ++i) {
                    running.reactor.post([&] {
                        ++ran;
                        running.reactor.post([&] { ++ran; });
                    });
                }
            });
        }
    }
    EXPECT_TRUE(eventually([&] { return ran == 16000; }));
}

}  // namespace
}  // namespace milena::net
