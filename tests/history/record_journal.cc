#include "tests/history/record_journal.h"

#include <chrono>

#include <fmt/format.h>

namespace milena::history {

void Journal::line(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    std::fputs((text + "\n").c_str(), file_);
}

void Journal::close() {
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
}

Time Journal::now() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

std::string Journal::counts() const {
    constexpr std::string_view kNames[] = {"acknowledged", "failed",    "unknown",
                                           "read",         "committed", "aborted",
                                           "undecided",    "positions", "assigned"};
    std::string text;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        text += fmt::format("{}{}={}", i == 0 ? "" : " ", kNames[i], counts_[i].load());
    }
    return text;
}

}  // namespace milena::history
