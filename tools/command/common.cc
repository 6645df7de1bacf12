#include "tools/command/common.h"

#include <algorithm>
#include <sstream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

Millis to_millis(double seconds) {
    return Millis(static_cast<std::int64_t>(seconds * 1000));
}

// The names of what could have stood where `word` does.
std::string unknown_subcommand(const CLI::App& app, const std::string& word) {
    std::vector<std::string> names;
    for (const auto* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    return fmt::format("'{}' is none of: {}\n", word, fmt::join(names, ", "));
}

// Prints why the command line is refused, or the help that it asks for; the exit code.
int explain(const CLI::App& app, const CLI::ParseError& error, const Io& io) {
    const auto words = app.remaining();
    const bool lacks_subcommand =
        app.get_require_subcommand_min() > 0 && app.get_subcommands().empty();
    if (error.get_name() == "RequiredError" && lacks_subcommand && !words.empty()) {
        fmt::print(io.err, "{}", unknown_subcommand(app, words.front()));
        return kBadUsage;
    }
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    fmt::print(io.out, "{}", out.str());
    fmt::print(io.err, "{}", err.str());
    return code == 0 ? 0 : kBadUsage;
}

}  // namespace

void add_cluster_options(CLI::App& app, ClusterOptions& options) {
    app.add_option("-b,--bootstrap-server", options.bootstrap,
                   "Brokers to connect to first: host:port,host:port")
        ->capture_default_str();
    app.add_option("--timeout", options.timeout_seconds,
                   "Give up an operation after so many seconds")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--wait", options.wait_seconds,
                   "Go on trying for so many seconds while nothing listens")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_flag("--json", options.json, "Print JSON");
}

Result<client::ClusterSettings> cluster_settings(const ClusterOptions& options, const Io& io) {
    client::ClusterSettings settings;
    MILENA_ASSIGN(settings.bootstrap,
                  client::parse_endpoints(options.bootstrap, client::MissingPort::means_9092));
    settings.operation_timeout = to_millis(options.timeout_seconds);
    settings.request_timeout = std::min(settings.request_timeout, settings.operation_timeout);
    settings.connect_patience = to_millis(options.wait_seconds);
    settings.warn = [err = io.err, last = std::string()](std::string_view message) mutable {
        if (message == last) return;
        last = message;
        fmt::print(err, "trying again: {}\n", message);
    };
    return settings;
}

std::optional<int> parse(CLI::App& app, int argc, char** argv, const Io& io) {
    try {
        app.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        return explain(app, error, io);
    }
}

int report_failure(std::string_view command, const Error& error, bool json, const Io& io) {
    if (json) {
        const boost::json::object object{
            {"error", {{"code", error_name(error.code)}, {"message", error.detail}}}};
        fmt::print(io.out, "{}\n", boost::json::serialize(object));
    } else {
        fmt::print(io.err, "{}: {}\n", command, error.detail);
    }
    return kFailed;
}

Result<std::pair<std::string, std::string>> parse_setting(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("'{}' is not a setting; write name=value", text));
    }
    return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace milena::cli
