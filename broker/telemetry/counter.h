// Numbers that are cheap to change where things happen, and read by the metrics.
#pragma once

#include <atomic>
#include <cstdint>

namespace milena::telemetry {

// A number that one thread changes and any thread reads.
class Counter {
  public:
    void add(std::uint64_t n) { value_.store(value() + n, std::memory_order_relaxed); }
    void subtract(std::uint64_t n) { value_.store(value() - n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace milena::telemetry
