// Where `milena consume` begins.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <string_view>
#include <variant>

namespace milena::cli {

struct FromLast {
    std::int64_t records = 0;  // before the end of each partition
};

// An offset, a time (also kEarliest and kLatest), or a number of records before the end.
using StartPosition = std::variant<Offset, TimestampMs, FromLast>;

// "beginning", "end", an offset, "-10" (the last ten of each partition), "@1700000000000" (ms) or
// "@2024-01-31T12:00:00Z" (UTC; also a date alone, or without seconds).
Result<StartPosition> parse_start_position(std::string_view text);

}  // namespace milena::cli
