#include "tools/command/start_position.h"

#include "tools/client/offsets.h"

#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace milena::cli {
namespace {

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

// Takes `digits` digits and then `separator` (0: none) off the front of `text`.
std::optional<int> take(std::string_view& text, std::size_t digits, char separator) {
    if (text.size() < digits + (separator != 0)) return std::nullopt;
    const auto value = to_number(text.substr(0, digits));
    if (!value || *value < 0 || (separator != 0 && text[digits] != separator)) return std::nullopt;
    text.remove_prefix(digits + (separator != 0));
    return static_cast<int>(*value);
}

std::optional<TimestampMs> to_time(std::string_view text) {
    if (const auto millis = to_number(text)) return TimestampMs(*millis);
    if (text.ends_with('Z')) text.remove_suffix(1);
    const auto year = take(text, 4, '-');
    const auto month = take(text, 2, '-');
    const auto day = take(text, 2, 0);
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    int parts[3] = {0, 0, 0};
    if (!text.empty()) {
        if (text[0] != 'T' && text[0] != ' ') return std::nullopt;
        text.remove_prefix(1);
        for (int i = 0; i < 3 && !text.empty(); ++i) {
            const auto part = take(text, 2, text.size() > 2 ? ':' : '\0');
            if (!part || *part > (i == 0 ? 23 : 59)) return std::nullopt;
            parts[i] = *part;
        }
        if (!text.empty()) return std::nullopt;
    }
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    return TimestampMs(((days * 24 + parts[0]) * 3600LL + parts[1] * 60 + parts[2]) * 1000);
}

}  // namespace

Result<StartPosition> parse_start_position(std::string_view text) {
    if (text == "beginning") return client::kEarliest;
    if (text == "end") return client::kLatest;
    if (text.starts_with('@')) {
        if (const auto time = to_time(text.substr(1))) return *time;
    } else if (const auto number = to_number(text)) {
        if (*number >= 0) return Offset(*number);
        return FromLast{-*number};
    }
    return fail(ErrorCode::INVALID_REQUEST,
                fmt::format("'{}' is no place to begin; use beginning, end, an offset, -N for the "
                            "last N, or @TIME with milliseconds or 2024-01-31T12:00:00Z",
                            text));
}

}  // namespace milena::cli
