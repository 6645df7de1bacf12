// A parked reply: waits for something to happen to partitions, with a deadline.
//
// W1 once: however often it is woken, at most one recheck is queued.
// W2 home: recheck and expiry run on the executor of the connection, never under a partition's
// lock.
#pragma once

#include "broker/net/executor.h"

#include <atomic>
#include <memory>

namespace milena {

class Waiter : public std::enable_shared_from_this<Waiter> {
  public:
    explicit Waiter(net::Executor& executor) : executor_(executor) {}
    virtual ~Waiter() = default;

    // Something it waits for may have happened. From any thread, also under a partition's lock.
    void wake() {
        if (queued_.exchange(true, std::memory_order_acq_rel)) return;
        executor_.post([self = shared_from_this()] { self->run(); });
    }

    // Sets the deadline; on the executor.
    void expire_at(MonoTime when) {
        timer_ = executor_.call_at(when, [self = shared_from_this()] {
            self->timer_ = net::Executor::kNoTimer;
            if (!self->done_) self->finish(/*expired=*/true);
        });
    }

    bool done() const { return done_; }
    bool has_deadline() const { return timer_ != net::Executor::kNoTimer; }

  protected:
    net::Executor& executor() { return executor_; }
    // Looks at once; on the executor.
    void recheck() {
        if (!done_ && ready()) finish(/*expired=*/false);
    }

    // Is what it waits for complete? Called on the executor.
    virtual bool ready() = 0;
    // Answers, and gives up its places at the partitions.
    virtual void answer(bool expired) = 0;

  private:
    void run() {
        // Cleared before looking: what happens from here on wakes it again.
        queued_.store(false, std::memory_order_release);
        recheck();
    }

    void finish(bool expired) {
        done_ = true;
        if (timer_ != net::Executor::kNoTimer) executor_.cancel(timer_);
        timer_ = net::Executor::kNoTimer;
        answer(expired);
    }

    net::Executor& executor_;
    std::atomic<bool> queued_ = false;
    bool done_ = false;  // on the executor only
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;
};

}  // namespace milena
