#include "tools/bench/process_stats.h"

#include "tools/client/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

namespace milena::bench {
namespace {

Result<std::string> read_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("cannot read {}: {}", path, client::system_message(errno)));
    }
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    return text;
}

// The `index`-th word, counted from 0, as a number.
Result<std::int64_t> number_at(std::string_view text, std::size_t index) {
    for (std::size_t i = 0; i < index && !text.empty(); ++i) {
        const auto blank = text.find(' ');
        text.remove_prefix(std::min(blank, text.size() - 1) + 1);
    }
    std::int64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) {
        return fail(ErrorCode::UNKNOWN_SERVER_ERROR,
                    fmt::format("field {} of a /proc file is no number: '{}'", index, text));
    }
    return value;
}

}  // namespace

Result<ProcessStats> parse_process_stats(std::string_view stat, std::string_view statm,
                                         std::int64_t ticks_per_second, std::int64_t page_bytes) {
    // The second field is the program's name in brackets and may hold anything; the last ")" ends
    // it. utime and stime are fields 14 and 15 counted from 1.
    const auto name_end = stat.rfind(") ");
    if (name_end == std::string_view::npos) {
        return fail(ErrorCode::UNKNOWN_SERVER_ERROR, "/proc/PID/stat has an unknown format");
    }
    const auto fields = stat.substr(name_end + 2);
    MILENA_ASSIGN(const auto user, number_at(fields, 11));
    MILENA_ASSIGN(const auto system, number_at(fields, 12));
    MILENA_ASSIGN(const auto resident_pages, number_at(statm, 1));
    ProcessStats stats;
    stats.cpu = Nanos((user + system) * (1'000'000'000 / ticks_per_second));
    stats.resident_bytes = static_cast<std::uint64_t>(resident_pages * page_bytes);
    return stats;
}

Result<ProcessStats> read_process_stats(int pid) {
    MILENA_ASSIGN(const auto stat, read_file(fmt::format("/proc/{}/stat", pid)));
    MILENA_ASSIGN(const auto statm, read_file(fmt::format("/proc/{}/statm", pid)));
    return parse_process_stats(stat, statm, ::sysconf(_SC_CLK_TCK), ::sysconf(_SC_PAGESIZE));
}

Result<ProcessStats> read_process_stats(std::span<const int> pids) {
    ProcessStats sum;
    for (const int pid : pids) {
        MILENA_ASSIGN(const auto stats, read_process_stats(pid));
        sum.cpu += stats.cpu;
        sum.resident_bytes += stats.resident_bytes;
    }
    return sum;
}

Nanos own_cpu_time() {
    timespec at{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return std::chrono::seconds(at.tv_sec) + Nanos(at.tv_nsec);
}

}  // namespace milena::bench
