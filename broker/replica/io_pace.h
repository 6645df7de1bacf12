// How long to wait so that a rate is kept: pure.
#pragma once

#include "protocol/base/time.h"

#include <algorithm>
#include <cstdint>

namespace milena::replica {

class IoPace {
  public:
    // After `bytes` have been moved: how long not to move any, so that `bytes_per_second` is kept
    // over all calls. What was not used before does not count.
    Nanos spend(std::uint64_t bytes, double bytes_per_second, MonoTime now) {
        free_at_ = std::max(free_at_, now);
        const double seconds = static_cast<double>(bytes) / bytes_per_second;
        // Beyond a day nobody waits: the rate will have been changed by then.
        constexpr double kLongest = 86'400;
        free_at_ += Nanos(static_cast<std::int64_t>(std::clamp(seconds, 0.0, kLongest) * 1e9));
        return free_at_ - now;
    }

  private:
    MonoTime free_at_{};
};

}  // namespace milena::replica
