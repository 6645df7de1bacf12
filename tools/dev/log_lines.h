// The log of a node as `milena dev` reads it while the node writes: has it begun to serve, and what
// must its user see?
#pragma once

#include "tools/dev/plan.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milena::dev {

// Bytes of a growing file to whole lines; a line that never ends is given up in pieces.
class LineSplitter {
  public:
    std::vector<std::string> add(std::string_view bytes);

  private:
    std::string rest_;
};

// "listening PLAINTEXT 127.0.0.1:9092": `node` takes clients from now on.
bool says_serving(std::string_view line, const NodePlan& node);
// An error in the log, or why the program could not start.
bool is_error(std::string_view line);

// Reads what is appended to a file from where it ends when the reader is made.
class LogReader {
  public:
    explicit LogReader(std::string path);

    // Whole lines that came since the last call.
    std::vector<std::string> read();

  private:
    const std::string path_;
    std::size_t position_ = 0;
    LineSplitter lines_;
};

}  // namespace milena::dev
