// Time is an argument: nothing below broker/ reads a clock it was not given.
#pragma once

#include "protocol/base/strong.h"

#include <chrono>
#include <cstdint>

namespace milena {

using Millis = std::chrono::duration<std::int64_t, std::milli>;
using Nanos = std::chrono::nanoseconds;

// A point on the monotonic clock: deadlines, timeouts, ages. Never written to disk or wire.
struct MonotonicTag {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::nanoseconds;
    static constexpr bool is_steady = true;
};
using MonoTime = std::chrono::time_point<MonotonicTag, std::chrono::nanoseconds>;

namespace tag {
struct Timestamp {
    static constexpr bool ordinal = true;
};
}  // namespace tag
// Wall clock, milliseconds since 1970-01-01 UTC, as Kafka writes it; -1 means "none".
using TimestampMs = Strong<tag::Timestamp, std::int64_t>;
inline constexpr TimestampMs kNoTimestamp{-1};

// The only source of time. The production body is broker/net/system_clock; tests move their own.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual MonoTime now() const = 0;
    virtual TimestampMs wall_now() const = 0;
};

}  // namespace milena
