// An executor that does nothing by itself: tests run what is due and move its clock.
#pragma once

#include "broker/net/executor.h"

#include <deque>
#include <map>

namespace milena {

class ManualExecutor final : public net::Executor {
  public:
    void post(net::Task task) override { tasks_.push_back(std::move(task)); }
    bool is_current() const override { return current; }
    TimerId call_at(MonoTime when, net::Task task) override {
        const auto id = ++last_timer_;
        timers_.emplace(std::pair(when, id), std::move(task));
        return id;
    }
    bool cancel(TimerId id) override {
        return std::erase_if(timers_, [&](const auto& t) { return t.first.second == id; }) > 0;
    }
    MonoTime now() const override { return now_; }

    // Runs posted tasks until none is left; how many there were.
    std::size_t run() {
        std::size_t count = 0;
        while (!tasks_.empty()) {
            auto task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
            ++count;
        }
        return count;
    }
    // Moves the clock, firing the timers passed.
    void advance(Millis by) {
        now_ += by;
        while (!timers_.empty() && timers_.begin()->first.first <= now_) {
            auto task = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            task();
        }
        run();
    }
    std::size_t timers() const { return timers_.size(); }

    bool current = true;  // false: the test plays another thread

  private:
    MonoTime now_{};
    TimerId last_timer_ = kNoTimer;
    std::deque<net::Task> tasks_;
    std::map<std::pair<MonoTime, TimerId>, net::Task> timers_;
};

}  // namespace milena
