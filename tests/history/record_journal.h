// The history that a recorder writes: lines from many threads, the clock, and the values.
#pragma once

#include "tests/history/history.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace milena::history {

// What was counted while recording, so that a run in which nothing happened is seen to be void.
enum class Count : std::uint8_t {
    acknowledged,
    failed,
    unknown,
    read,
    committed,
    aborted,
    undecided,
    positions,
    assigned,
    count_,
};

class Journal {
  public:
    explicit Journal(const char* path) : file_(std::fopen(path, "w")) {}
    ~Journal() { close(); }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    bool open() const { return file_ != nullptr; }
    void line(const std::string& text);
    void close();

    // Nanoseconds of a clock that only goes forward.
    static Time now();
    Value next_value() { return ++last_value_; }
    void count(Count what, std::size_t n = 1) { counts_[static_cast<std::size_t>(what)] += n; }
    std::size_t counted(Count what) const { return counts_[static_cast<std::size_t>(what)]; }
    // "acknowledged=12 failed=0 ..."
    std::string counts() const;

  private:
    std::mutex mutex_;
    std::FILE* file_;
    std::atomic<Value> last_value_ = 0;
    std::array<std::atomic<std::size_t>, static_cast<std::size_t>(Count::count_)> counts_{};
};

}  // namespace milena::history
