#include "broker/coordinator/group/timers.h"

#include <charconv>

namespace milena::coordinator::group {

TimerKey timer_key(TimerKind kind, std::string_view group_id, std::string_view member_id) {
    TimerKey key(1, static_cast<char>(kind));
    return key.append(std::to_string(group_id.size()))
        .append("/")
        .append(group_id)
        .append(member_id);
}

std::optional<TimerName> parse_timer_key(std::string_view key) {
    std::size_t length = 0;
    if (key.empty()) return std::nullopt;
    const auto* end = key.data() + key.size();
    const auto [rest, error] = std::from_chars(key.data() + 1, end, length);
    if (error != std::errc() || rest == end || *rest != '/') return std::nullopt;
    const std::string_view names(rest + 1, end);
    if (names.size() < length) return std::nullopt;
    return TimerName{static_cast<TimerKind>(key[0]), std::string(names.substr(0, length)),
                     std::string(names.substr(length))};
}

}  // namespace milena::coordinator::group
