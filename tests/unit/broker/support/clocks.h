// Clocks of tests: one that stands, one that an executor moves.
#pragma once

#include "broker/net/executor.h"
#include "protocol/base/time.h"

namespace milena {

inline constexpr TimestampMs kTestWallTime{1'700'000'000'000};

class StandingClock final : public Clock {
  public:
    explicit StandingClock(MonoTime at = MonoTime(Millis(1))) : at_(at) {}
    MonoTime now() const override { return at_; }
    TimestampMs wall_now() const override { return kTestWallTime; }

  private:
    MonoTime at_;
};

// Its wall time stands all the same.
class ExecutorClock final : public Clock {
  public:
    explicit ExecutorClock(const net::Executor& executor) : executor_(executor) {}
    MonoTime now() const override { return executor_.now(); }
    TimestampMs wall_now() const override { return kTestWallTime; }

  private:
    const net::Executor& executor_;
};

}  // namespace milena
