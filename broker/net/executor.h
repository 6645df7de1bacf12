// Where work runs: a reactor in production, one thread under a seed in a simulation. Handlers and
// parked replies know this interface only.
#pragma once

#include "protocol/base/time.h"

#include <cstdint>
#include <functional>

namespace milena::net {

using Task = std::move_only_function<void()>;

class Executor {
  public:
    using TimerId = std::uint64_t;
    static constexpr TimerId kNoTimer = 0;

    virtual ~Executor() = default;

    // Runs `task` on this executor's thread, after what it is doing now. From any thread.
    virtual void post(Task task) = 0;
    // Is the caller on this executor's thread?
    virtual bool is_current() const = 0;

    // Timers belong to the executor's own thread: call these two only there.
    virtual TimerId call_at(MonoTime when, Task task) = 0;
    // False when the timer has already fired or was never set.
    virtual bool cancel(TimerId id) = 0;

    virtual MonoTime now() const = 0;
};

}  // namespace milena::net
