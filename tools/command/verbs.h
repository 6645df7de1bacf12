// What `milena topic`, `group` and `txn` have in common: verbs below one name, each an action on a
// cluster with the options that the command line filled.
#pragma once

#include "tools/command/common.h"

#include <CLI/CLI.hpp>

namespace milena::cli {

// `Options` has a member `cluster` of type ClusterOptions.
template <class Options>
class Verbs {
  public:
    using Action = Status (*)(client::Cluster& cluster, const Options& options, const Io& io);

    Verbs(const char* text, const char* command) : app_(text, command) {
        app_.require_subcommand(1);
    }

    // For the verb's own options, which are bound to options().
    CLI::App* add(const char* name, const char* text, Action action) {
        auto* sub = app_.add_subcommand(name, text);
        add_cluster_options(*sub, options_.cluster);
        sub->callback([this, action] { action_ = action; });
        return sub;
    }
    Options& options() { return options_; }

    // Does what the command line asks for; the exit code.
    int run(int argc, char** argv, const Io& io) {
        if (const auto code = parse(app_, argc, argv, io)) return *code;
        auto settings = cluster_settings(options_.cluster, io);
        if (!settings) return report(argv[0], settings.error(), io);
        client::Cluster cluster(*std::move(settings), io.clock);
        const auto status = action_(cluster, options_, io);
        return status ? 0 : report(argv[0], status.error(), io);
    }

  private:
    int report(const char* command, const Error& error, const Io& io) const {
        return report_failure(command, error, options_.cluster.json, io);
    }

    CLI::App app_;
    Options options_;
    Action action_ = nullptr;
};

}  // namespace milena::cli
