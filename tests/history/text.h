// The text form of a history (README.md beside this file).
#pragma once

#include "protocol/base/error.h"
#include "tests/history/history.h"

#include <string_view>

namespace milena::history {

// A line that is none of the format is an error that names it; nothing is guessed.
Result<History> parse(std::string_view text);

}  // namespace milena::history
