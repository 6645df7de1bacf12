#include "broker/net/system_clock.h"

#include <time.h>

namespace milena::net {
namespace {

std::int64_t nanos_of(clockid_t id) {
    timespec at{};
    ::clock_gettime(id, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace

MonoTime SystemClock::now() const {
    return MonoTime(Nanos(nanos_of(CLOCK_MONOTONIC)));
}

TimestampMs SystemClock::wall_now() const {
    return TimestampMs(nanos_of(CLOCK_REALTIME) / 1'000'000);
}

}  // namespace milena::net
