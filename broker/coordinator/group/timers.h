// The timers of the group coordinator, and their names.
#pragma once

#include "broker/coordinator/decision.h"

#include <optional>
#include <string>
#include <string_view>

namespace milena::coordinator::group {

enum class TimerKind : char {
    expiry = 'e',     // of the shard: positions that nobody needs any more
    session = 's',    // of a member, or of an id that was given out and has not come back
    join = 'j',       // of a classic group: completes the phase in which members join
    sync = 'y',       // of a classic group: who has not asked for its assignment is removed
    rebalance = 'r',  // of a member of a consumer group: has not given up its partitions
};

struct TimerName {
    TimerKind kind = TimerKind::expiry;
    std::string group_id{};
    std::string member_id{};
};

// "s<length of the group's id>/<group><member>"
TimerKey timer_key(TimerKind kind, std::string_view group_id = {}, std::string_view member_id = {});
std::optional<TimerName> parse_timer_key(std::string_view key);

}  // namespace milena::coordinator::group
