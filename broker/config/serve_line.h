// The command line of `milena serve`, read into settings.
#pragma once

#include "broker/config/settings.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace milena::config {

// Gives the text of a properties file.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// What the line asks for: to serve (`settings` is set), or to print something and leave.
struct ServeLine {
    std::optional<Settings> settings;
    std::string output;  // for standard output
    std::string errors;  // for standard error, whole lines; also warnings when `settings` is set
    int exit_code = 0;   // when `settings` is not set: 0, or 2 for a wrong line or configuration
};

// `arguments`: those after "serve". `host_name`: what an empty listener host is advertised as.
ServeLine read_serve_line(std::span<const std::string> arguments, std::string_view host_name,
                          const ReadFile& read_file);

// "name=value" of the command line; the value may be empty and may hold further = signs.
Result<Assignment> parse_assignment(std::string_view text, std::string_view where);

// The ReadFile of the real file system.
Result<std::string> read_config_file(const std::string& path);

}  // namespace milena::config
