// Log events for a person: a stable event name and key=value fields. State changes only; nothing
// per request above trace level.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace milena {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

struct LogField {
    std::string_view key;
    std::string value;

    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const char* v) : key(k), value(v) {}
    LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    template <std::integral T>
    LogField(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
    LogField(std::string_view k, double v) : key(k), value(std::to_string(v)) {}
};

void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Writes one line to standard error. Values are escaped, so bytes from a client cannot forge lines.
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log_event(LogLevel::info, event, fields);
}
inline void log_warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log_event(LogLevel::warn, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log_event(LogLevel::error, event, fields);
}
inline void log_debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    if (log_enabled(LogLevel::debug)) log_event(LogLevel::debug, event, fields);
}

}  // namespace milena
