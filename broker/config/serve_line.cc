#include "broker/config/serve_line.h"

#include "broker/config/reference.h"
#include "broker/config/value.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace milena::config {
namespace {

struct Flags {
    std::string config;
    std::vector<std::string> set;
    bool check = false;
    bool print_reference = false;
};

void declare(CLI::App& app, Flags& flags) {
    app.add_option("--config,file", flags.config, "Kafka server.properties file to start with")
        ->option_text("FILE");
    app.add_option("--set,--override", flags.set, "set one setting, over what the file says")
        ->option_text("name=value ...")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--check", flags.check, "check the settings, then leave without starting");
    app.add_flag("--print-reference", flags.print_reference,
                 "print every setting with its text, bounds and default, then leave");
    app.footer(
        "Without FILE and --set: data in ./data, and connections from this machine only, on "
        "port 9092.\n\nSettings that have an effect, with their defaults (--print-reference "
        "shows all that are accepted):\n" +
        settings_help());
}

ServeLine refuse(const Error& error) {
    return {.settings = std::nullopt, .output = {}, .errors = error.detail + "\n", .exit_code = 2};
}

ServeLine print(std::string text) {
    return {.settings = std::nullopt, .output = std::move(text), .errors = {}, .exit_code = 0};
}

Result<std::vector<Assignment>> collect(const Flags& flags, const ReadFile& read_file) {
    std::vector<Assignment> result;
    if (!flags.config.empty()) {
        MILENA_ASSIGN(const std::string text, read_file(flags.config));
        MILENA_ASSIGN(result, parse_properties(text, flags.config));
    }
    for (const std::string& one : flags.set) {
        MILENA_ASSIGN(Assignment assignment, parse_assignment(one, "--set"));
        result.push_back(std::move(assignment));
    }
    return result;
}

}  // namespace

ServeLine read_serve_line(std::span<const std::string> arguments, std::string_view host_name,
                          const ReadFile& read_file) {
    CLI::App app("Runs a broker (and controller) until it is told to stop.", "milena serve");
    Flags flags;
    declare(app, flags);
    // CLI11 takes the arguments last to first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        app.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
        return print(app.help());
    } catch (const CLI::ParseError& error) {
        return refuse(
            {ErrorCode::INVALID_CONFIG,
             fmt::format("milena serve: {}; 'milena serve --help' tells more", error.what())});
    }
    if (flags.print_reference) return print(reference_properties());
    const auto assignments = collect(flags, read_file);
    if (!assignments) return refuse(assignments.error());
    auto settings = Settings::from(*assignments, host_name);
    if (!settings) return refuse(settings.error());
    ServeLine result;
    for (const std::string& warning : settings->warnings()) {
        result.errors += fmt::format("warning: {}\n", warning);
    }
    if (flags.check) {
        result.output = "The settings are good.\n";
    } else {
        result.settings = std::move(*settings);
    }
    return result;
}

Result<Assignment> parse_assignment(std::string_view text, std::string_view where) {
    const auto equals = text.find('=');
    const std::string_view name = trim(text.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("{}: \"{}\" is not of the form name=value", where, text));
    }
    return Assignment{std::string(name), std::string(trim(text.substr(equals + 1))),
                      std::string(where)};
}

Result<std::string> read_config_file(const std::string& path) {
    const auto why = [&path](int error) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("{}: cannot be read: {}", path, std::strerror(error)));
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               std::fclose);
    if (!file) return why(errno);
    std::string text;
    char buffer[16 * 1024];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, file.get())) {
        text.append(buffer, size);
        constexpr std::size_t kLongest = 16 << 20;  // a properties file, not a disk image
        if (text.size() > kLongest) return why(EFBIG);
    }
    if (std::ferror(file.get()) != 0) return why(errno);
    return text;
}

}  // namespace milena::config
