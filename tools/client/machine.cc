#include "tools/client/machine.h"

#include "protocol/base/assert.h"

#include <sys/random.h>
#include <time.h>

namespace milena::client {

MonoTime MachineClock::now() const {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    return MonoTime(std::chrono::seconds(at.tv_sec) + Nanos(at.tv_nsec));
}

TimestampMs MachineClock::wall_now() const {
    timespec at{};
    ::clock_gettime(CLOCK_REALTIME, &at);
    return TimestampMs(at.tv_sec * 1000 + at.tv_nsec / 1'000'000);
}

std::uint64_t MachineRandom::next() {
    std::uint64_t value = 0;
    MILENA_ASSERT(::getrandom(&value, sizeof value, 0) == sizeof value);
    return value;
}

void pause_for(Nanos time) {
    if (time <= Nanos(0)) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec wait{seconds.count(), (time - seconds).count()};
    ::nanosleep(&wait, nullptr);
}

}  // namespace milena::client
