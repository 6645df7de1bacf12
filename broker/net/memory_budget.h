// A bound on memory that many reactors share, in bytes.
#pragma once

#include <atomic>
#include <cstdint>

namespace milena::net {

class MemoryBudget {
  public:
    explicit MemoryBudget(std::uint64_t max) : max_(max) {}

    void change(std::uint64_t before, std::uint64_t after) {
        used_.fetch_add(after - before, std::memory_order_relaxed);
    }
    bool exhausted() const { return used() >= max_; }
    std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

  private:
    const std::uint64_t max_;
    std::atomic<std::uint64_t> used_{0};
};

}  // namespace milena::net
