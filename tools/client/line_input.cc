#include "tools/client/line_input.h"

#include "tools/client/socket.h"

#include <array>
#include <cerrno>
#include <utility>

#include <unistd.h>

namespace milena::client {

std::optional<std::string_view> LineSplitter::next() {
    const auto end = pending_.find_first_of("\r\n", position_);
    // A "\r" at the very end may be the first half of "\r\n": wait for more.
    const bool half = end != std::string::npos && pending_[end] == '\r' &&
                      end + 1 == pending_.size() && !finished_;
    if (end == std::string::npos || half) {
        if (finished_ && position_ < pending_.size()) {
            return std::string_view(pending_).substr(std::exchange(position_, pending_.size()));
        }
        pending_.erase(0, position_);
        position_ = 0;
        return std::nullopt;
    }
    const auto begin = position_;
    const bool pair =
        pending_[end] == '\r' && end + 1 < pending_.size() && pending_[end + 1] == '\n';
    position_ = end + (pair ? 2 : 1);
    return std::string_view(pending_).substr(begin, end - begin);
}

Result<LineInput::State> LineInput::next(std::optional<MonoTime> deadline, std::string_view& line) {
    constexpr std::size_t kBlock = 64 * 1024;
    while (true) {
        if (const auto next = splitter_.next()) {
            line = *next;
            return State::line;
        }
        if (ended_) return State::end;
        const auto until = deadline.value_or(clock_.now() + std::chrono::hours(1));
        if (wait_readable(std::span(&handle_, 1), until, clock_).empty()) {
            return State::nothing_yet;
        }
        std::array<char, kBlock> block;
        const auto got = ::read(handle_, block.data(), block.size());
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return fail(ErrorCode::UNKNOWN_SERVER_ERROR,
                        "cannot read the input: " + system_message(errno));
        }
        if (got == 0) {
            ended_ = true;
            splitter_.finish();
        } else if (got > 0) {
            splitter_.feed({block.data(), static_cast<std::size_t>(got)});
        }
    }
}

}  // namespace milena::client
