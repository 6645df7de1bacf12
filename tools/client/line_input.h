// Lines from a descriptor, with a deadline: a producer must know when nothing more comes for a
// while.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milena::client {

// Cuts a stream of bytes into lines as Java does: "\n", "\r" or "\r\n" ends a line.
class LineSplitter {
  public:
    void feed(std::string_view bytes) { pending_.append(bytes); }
    void finish() { finished_ = true; }
    // The next whole line, valid until the next call; after finish() also a last line without end.
    std::optional<std::string_view> next();

  private:
    std::string pending_;
    std::size_t position_ = 0;
    bool finished_ = false;
};

class LineInput {
  public:
    LineInput(int handle, const Clock& clock) : handle_(handle), clock_(clock) {}

    enum class State : std::uint8_t { line, nothing_yet, end };
    // Waits for a line until `deadline` (nothing: for ever), or until a signal arrives. `line` is
    // valid until the next call.
    Result<State> next(std::optional<MonoTime> deadline, std::string_view& line);

  private:
    int handle_;
    const Clock& clock_;
    LineSplitter splitter_;
    bool ended_ = false;
};

}  // namespace milena::client
