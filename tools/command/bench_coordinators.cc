// milena bench: loads on the coordinators of groups and transactions.
#include "tools/bench/commit_load.h"
#include "tools/bench/pipeline_load.h"
#include "tools/bench/rebalance_load.h"
#include "tools/bench/report.h"
#include "tools/bench/transaction_load.h"
#include "tools/command/bench_loads.h"

#include <array>

#include <CLI/CLI.hpp>

namespace milena::cli {
namespace {

using Arguments = const BenchArguments&;

std::string report(std::string_view name, Arguments arguments, const bench::Figures& figures) {
    return arguments.cluster.json ? bench::load_json(name, figures) + "\n"
                                  : bench::load_text(name, figures);
}

Result<std::string> run_commits(client::Cluster& cluster, Arguments arguments) {
    bench::CommitLoad load;
    load.topic = arguments.topic;
    load.group_prefix = arguments.topic + "-group";
    load.connections = arguments.connections;
    load.in_flight = arguments.in_flight;
    load.measure = bench_measure(arguments);
    MILENA_ASSIGN(const auto figures, bench::run_commit_load(cluster, load));
    return report("commits", arguments, figures);
}

Result<std::string> run_transactions(client::Cluster& cluster, Arguments arguments) {
    bench::TransactionLoad load;
    load.topic = arguments.topic;
    load.producers = arguments.producers;
    load.value_bytes = arguments.record_bytes;
    load.measure = bench_measure(arguments);
    MILENA_ASSIGN(const auto figures, bench::run_transaction_load(cluster, load));
    return report("transactions", arguments, figures);
}

Result<std::string> run_pipeline(client::Cluster& cluster, Arguments arguments) {
    bench::PipelineLoad load;
    load.input = arguments.topic;
    load.output = arguments.topic + "-out";
    load.records_per_second = arguments.pipeline_rate;
    load.value_bytes = arguments.record_bytes;
    load.measure = bench_measure(arguments);
    MILENA_ASSIGN(const auto output, BenchTopic::make(cluster, arguments, load.output));
    const auto figures = bench::run_pipeline_load(cluster, load);
    const auto removed = output.remove(cluster);
    if (!figures) return std::unexpected(figures.error());
    MILENA_TRY(removed);
    return report("pipeline", arguments, *figures);
}

Result<std::string> run_rebalance(client::Cluster& cluster, Arguments arguments) {
    bench::RebalanceLoad load;
    load.topic = arguments.topic;
    load.protocol = arguments.protocol == "classic" ? client::GroupProtocol::classic
                                                    : client::GroupProtocol::consumer;
    load.members = arguments.members;
    load.heartbeat_interval = Millis(arguments.heartbeat_ms);
    load.measure = bench_measure(arguments);
    MILENA_ASSIGN(const auto figures, bench::run_rebalance_load(cluster, load));
    return arguments.cluster.json ? bench::rebalance_json(figures) + "\n"
                                  : bench::rebalance_text(figures);
}

void add_common(CLI::App& app, BenchArguments& arguments) {
    add_topic_options(app, arguments);
    add_measure_options(app, arguments);
    add_pid_option(app, arguments);
}

void add_commits(CLI::App& app, BenchArguments& arguments) {
    add_common(app, arguments);
    add_connections_option(app, arguments);
    add_in_flight_option(app, arguments);
}

void add_transactions(CLI::App& app, BenchArguments& arguments) {
    add_common(app, arguments);
    add_record_bytes_option(app, arguments);
    app.add_option("--producers", arguments.producers, "Producers at work at the same time")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
}

void add_pipeline(CLI::App& app, BenchArguments& arguments) {
    add_common(app, arguments);
    add_record_bytes_option(app, arguments);
    app.add_option("--rate", arguments.pipeline_rate, "Records per second, due at fixed times")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
}

void add_rebalance(CLI::App& app, BenchArguments& arguments) {
    add_common(app, arguments);
    app.add_option("--members", arguments.members, "Members, with the one that comes and goes")
        ->capture_default_str()
        ->check(CLI::Range(2, 1000));
    app.add_option("--protocol", arguments.protocol, "classic, or consumer (KIP-848)")
        ->capture_default_str()
        ->check(CLI::IsMember({"classic", "consumer"}));
    app.add_option("--heartbeat-ms", arguments.heartbeat_ms,
                   "Between the heartbeats of a member: short, so that the broker's part shows")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
}

}  // namespace

std::span<const BenchLoad> coordinator_loads() {
    static constexpr std::array kLoads{
        BenchLoad{"commits", "Positions committed in groups without members", &run_commits,
                  &add_commits},
        BenchLoad{"transactions", "Transactions that write a record to every partition",
                  &run_transactions, &add_transactions},
        BenchLoad{"pipeline", "Latency through a transactional processor to a consumer",
                  &run_pipeline, &add_pipeline},
        BenchLoad{"rebalance", "How long a group takes when a member joins or leaves",
                  &run_rebalance, &add_rebalance},
    };
    return kLoads;
}

}  // namespace milena::cli
