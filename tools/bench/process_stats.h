// CPU time and memory of processes, read from /proc.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace milena::bench {

struct ProcessStats {
    Nanos cpu{0};  // user and system, all threads
    std::uint64_t resident_bytes = 0;
};

// Fails when there is no such process or it may not be looked at.
Result<ProcessStats> read_process_stats(int pid);
// The sum over several: the nodes of a cluster.
Result<ProcessStats> read_process_stats(std::span<const int> pids);
Nanos own_cpu_time();

// The two /proc files in the kernel's own format (proc(5)); apart for the tests.
Result<ProcessStats> parse_process_stats(std::string_view stat, std::string_view statm,
                                         std::int64_t ticks_per_second, std::int64_t page_bytes);

}  // namespace milena::bench
