// One thread, one io_context, everything that happens on them in turns.
//
// A turn is one readiness event, one burst of posted tasks or one burst of timers. `now()` is read
// once per turn, and work that is better done once per burst (gathering replies into one write) is
// asked for with at_turn_end.
//
// Invariants: after start(), the io_context and everything registered with it are touched by the
// reactor's thread only, except through post(). Tasks that were never run are destroyed on the
// reactor's thread when it stops, and at once when posted later.
#pragma once

#include "broker/net/executor.h"
#include "broker/net/timer_heap.h"
#include "protocol/base/time.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace milena::net {

// Something with work to do when the turn is over.
class TurnEnd {
  public:
    virtual void on_turn_end() = 0;

  protected:
    ~TurnEnd() = default;
};

// Owned by shared pointers: whoever may be late (a reply ticket) keeps the reactor, stopped by
// then, so that it can be told and does nothing.
class Reactor final : public Executor, public std::enable_shared_from_this<Reactor> {
  public:
    // `clock` must run at the pace of the kernel's monotonic clock, and live until finish(). `name`
    // is the thread's (15 bytes are kept).
    Reactor(const Clock& clock, std::string name);
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    ~Reactor() override;

    void start();
    // Ends the loop after the handler that is running. From any thread.
    void request_stop();
    // Waits for the thread to end; false when it has not by then.
    bool join_until(std::chrono::steady_clock::time_point deadline);
    bool running() const;
    // Stops and waits for the thread; lets go of everything. Only post() and is_current() may be
    // called afterwards.
    void finish();
    const std::string& name() const { return name_; }

    void post(Task task) override;
    bool is_current() const override;
    TimerId call_at(MonoTime when, Task task) override;
    bool cancel(TimerId id) override;
    MonoTime now() const override;

    // The rest only on the reactor's own thread.

    // Every handler that this room gives to the io_context opens one.
    class Turn {
      public:
        explicit Turn(Reactor& reactor);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        Reactor& reactor_;
    };
    // Calls `work` once when the present turn ends; it must live until then and ask again only
    // from then on.
    void at_turn_end(TurnEnd& work);

    boost::asio::io_context& io_context();

  private:
    struct Loop;

    void run();
    void schedule_turn();
    void finish_turn();
    void run_local();
    void run_inbox();
    void fire_timers();
    void arm_timer();
    void drop_everything();

    const Clock& clock_;
    const std::string name_;
    std::unique_ptr<Loop> loop_;
    std::thread thread_;

    // Of the reactor's thread.
    int turn_depth_ = 0;
    MonoTime turn_began_;
    bool turn_scheduled_ = false;
    std::vector<TurnEnd*> turn_end_;
    std::vector<TurnEnd*> turn_ending_;
    std::vector<Task> local_;
    std::vector<Task> local_running_;
    bool local_scheduled_ = false;
    TimerHeap timers_;
    MonoTime armed_for_ = MonoTime::max();

    // Of everybody, under mutex_.
    mutable std::mutex mutex_;
    std::vector<Task> inbox_;
    bool closed_ = false;
    bool running_ = false;
    std::condition_variable ended_;
    std::vector<Task> inbox_running_;  // of the reactor's thread
};

}  // namespace milena::net
