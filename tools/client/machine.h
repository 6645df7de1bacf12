// Clock and randomness of the machine for the tools, behind the interfaces everything else takes.
#pragma once

#include "protocol/base/random.h"
#include "protocol/base/time.h"

#include <cstdint>

namespace milena::client {

class MachineClock final : public Clock {
  public:
    MonoTime now() const override;
    TimestampMs wall_now() const override;
};

class MachineRandom final : public Random {
  public:
    std::uint64_t next() override;
};

// Waits; comes back early when a signal arrives.
void pause_for(Nanos time);

}  // namespace milena::client
