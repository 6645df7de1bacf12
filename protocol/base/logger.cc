#include "protocol/base/logger.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace milena {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::trace:
            return spdlog::level::trace;
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::off:
            return spdlog::level::off;
    }
    return spdlog::level::info;
}

spdlog::logger& sink() {
    static const auto logger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "milena", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
        made->flush_on(spdlog::level::warn);
        return made;
    }();
    return *logger;
}

void append_escaped(std::string& line, std::string_view value) {
    const bool plain =
        !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
            return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
        });
    if (plain) {
        line += value;
        return;
    }
    line += '"';
    for (const unsigned char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += static_cast<char>(c);
        } else if (c < 0x20 || c == 0x7f) {
            line += fmt::format("\\x{:02x}", c);
        } else {
            line += static_cast<char>(c);
        }
    }
    line += '"';
}

}  // namespace

void set_log_level(LogLevel level) {
    sink().set_level(level_of(level));
}

bool log_enabled(LogLevel level) {
    return sink().should_log(level_of(level));
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (!log_enabled(level)) return;
    std::string line(event);
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_escaped(line, field.value);
    }
    sink().log(level_of(level), fmt::string_view("{}"), line);
}

}  // namespace milena
