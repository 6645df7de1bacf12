// What every load has: how it is measured, and the figures that come out.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/time.h"
#include "tools/bench/histogram.h"
#include "tools/bench/process_stats.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace milena::bench {

struct Measure {
    Nanos warm_up{0};
    Nanos duration{std::chrono::seconds(10)};
    std::vector<int> server_pids{};  // none: the servers are not measured
};

struct Figures {
    double seconds = 0;
    std::uint64_t requests = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;  // of record batches
    Histogram latency;        // nanoseconds
    double client_cpu_seconds = 0;
    std::optional<double> server_cpu_seconds;
    std::optional<std::uint64_t> server_resident_bytes;
};

// The measured part of a run: knows when it begins and ends, and takes the processes' times at both
// ends.
class Stopwatch {
  public:
    Stopwatch(const Measure& measure, MonoTime now);

    MonoTime begins() const { return begins_; }
    MonoTime ends() const { return ends_; }
    bool measuring(MonoTime now) const { return running_ && now < ends_; }
    // Call often: starts and stops the clocks. True once, when the measured part begins: forget
    // what was counted so far.
    Result<bool> tick(MonoTime now);
    bool over() const { return over_; }
    // For loads whose work is done by other threads: ticks until it is over.
    Status run_to_end(const Clock& clock);
    // Adds times to `figures`; after over().
    void fill(Figures& figures) const;

  private:
    std::vector<int> pids_;
    MonoTime begins_;
    MonoTime ends_;
    bool running_ = false;
    bool over_ = false;
    MonoTime started_;
    MonoTime stopped_;
    Nanos client_before_{0};
    Nanos client_after_{0};
    ProcessStats server_before_;
    ProcessStats server_after_;
};

}  // namespace milena::bench
