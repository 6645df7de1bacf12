// The production clock: the kernel's monotonic and wall clocks.
#pragma once

#include "protocol/base/time.h"

namespace milena::net {

class SystemClock final : public Clock {
  public:
    // CLOCK_MONOTONIC: never steps back, counts from boot.
    MonoTime now() const override;
    // CLOCK_REALTIME in milliseconds: follows corrections of the wall clock in both directions.
    TimestampMs wall_now() const override;
};

}  // namespace milena::net
