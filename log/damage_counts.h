// What was found damaged in a data directory since it was opened, for whoever watches it.
#pragma once

#include <atomic>
#include <cstdint>

namespace milena::log {

// Counted by every log of the directory, read by anybody.
struct DamageCounts {
    std::atomic<std::uint64_t> ranges = 0;  // of bytes that hold damaged batches
    std::atomic<std::uint64_t> bytes = 0;

    void add(std::uint64_t damaged_bytes) {
        ranges.fetch_add(1, std::memory_order_relaxed);
        bytes.fetch_add(damaged_bytes, std::memory_order_relaxed);
    }
};

}  // namespace milena::log
