// What the subcommands share: the options that reach a cluster, and how failures are reported.
#pragma once

#include "protocol/base/error.h"
#include "tools/client/cluster.h"
#include "tools/io.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace CLI {
class App;
}

namespace milena::cli {

// Exit codes: a failure that the cluster or the network reported, and a command line that makes no
// sense.
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

// Filled by the command line.
struct ClusterOptions {
    std::string bootstrap = "localhost:9092";
    double timeout_seconds = 30;
    double wait_seconds = 0;
    bool json = false;
};

// --bootstrap-server, --timeout, --wait, --json.
void add_cluster_options(CLI::App& app, ClusterOptions& options);

Result<client::ClusterSettings> cluster_settings(const ClusterOptions& options, const Io& io);

// Runs the parser: nothing when the command line is good, else the exit code (help counts as 0).
// The text goes to `io`.
std::optional<int> parse(CLI::App& app, int argc, char** argv, const Io& io);

// Prints why `command` failed, as JSON on the output when `json`; kFailed.
int report_failure(std::string_view command, const Error& error, bool json, const Io& io);

// "name=value".
Result<std::pair<std::string, std::string>> parse_setting(std::string_view text);

}  // namespace milena::cli
