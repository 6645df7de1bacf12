// Where a group shall stand from now on: the ways to say it, and the offsets that they mean.
#pragma once

#include "tools/client/groups.h"

#include <cstdint>
#include <functional>
#include <string_view>
#include <variant>

namespace milena::client {

struct ToEarliest {};
struct ToLatest {};
// Where it stands; the end where it stands nowhere.
struct ToCurrent {};
struct ToOffset {
    Offset offset;
};
// By so many records, back when negative.
struct ShiftBy {
    std::int64_t records;
};
// The first record at or after this time; the end when there is none.
struct ToTime {
    TimestampMs time;
};
using Target = std::variant<ToEarliest, ToLatest, ToCurrent, ToOffset, ShiftBy, ToTime>;

// Offsets outside of a partition become its nearest end; `warn` is told.
Result<CommittedOffsets> plan_reset(Cluster& cluster, const TopicPartitions& partitions,
                                    const CommittedOffsets& current, const Target& target,
                                    const std::function<void(std::string_view)>& warn);

// The same for offsets that stand in a file.
Result<CommittedOffsets> keep_within(Cluster& cluster, const CommittedOffsets& wanted,
                                     const std::function<void(std::string_view)>& warn);

// "2026-11-21T13:28:00.000", UTC unless "Z" or "+01:00" follows. INVALID_REQUEST.
Result<TimestampMs> parse_datetime(std::string_view text);
// "P1DT2H3M4S". INVALID_REQUEST.
Result<Millis> parse_duration(std::string_view text);

}  // namespace milena::client
