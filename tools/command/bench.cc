// milena bench: loads for any Kafka broker, and what they show.
#include "tools/bench/fetch_load.h"
#include "tools/bench/idle_load.h"
#include "tools/bench/latency_load.h"
#include "tools/bench/produce_load.h"
#include "tools/bench/report.h"
#include "tools/client/admin.h"
#include "tools/command/bench_loads.h"
#include "tools/command/command_list.h"

#include <array>
#include <span>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

using Arguments = const BenchArguments&;

Nanos to_nanos(double seconds) {
    return Nanos(static_cast<std::int64_t>(seconds * 1e9));
}

Result<bench::BatchShape> batch_shape(Arguments arguments) {
    const auto codec = parse_codec(arguments.codec);
    if (!codec) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("there is no codec '{}'; use none, gzip, snappy, lz4 or zstd",
                                arguments.codec));
    }
    return bench::BatchShape{arguments.records, arguments.record_bytes, *codec};
}

std::int16_t acks(Arguments arguments) {
    if (arguments.acks == "0") return 0;
    return arguments.acks == "1" ? 1 : -1;
}

Result<bench::ProduceLoad> produce_load(Arguments arguments) {
    bench::ProduceLoad load;
    load.topic = arguments.topic;
    load.connections = arguments.connections;
    load.in_flight = arguments.in_flight;
    MILENA_ASSIGN(load.batch, batch_shape(arguments));
    load.acks = acks(arguments);
    if (arguments.rate > 0) load.requests_per_second = arguments.rate;
    load.measure = bench_measure(arguments);
    return load;
}

Result<std::string> run_produce(client::Cluster& cluster, Arguments arguments) {
    MILENA_ASSIGN(const auto load, produce_load(arguments));
    MILENA_ASSIGN(const auto figures, bench::run_produce_load(cluster, load));
    return arguments.cluster.json ? bench::load_json("produce", figures) + "\n"
                                  : bench::load_text("produce", figures);
}

// Writes as much as --fill says, in batches of the given shape.
Status fill(client::Cluster& cluster, Arguments arguments) {
    if (arguments.fill_gigabytes <= 0) return {};
    MILENA_ASSIGN(auto load, produce_load(arguments));
    load.requests_per_second.reset();
    load.connections = std::max(arguments.connections, arguments.partitions);
    load.stop_after_bytes = static_cast<std::uint64_t>(arguments.fill_gigabytes * 1e9);
    load.measure = {Nanos(0), std::chrono::hours(1), {}};
    MILENA_TRY(bench::run_produce_load(cluster, load));
    return {};
}

Result<std::string> run_consume(client::Cluster& cluster, Arguments arguments) {
    MILENA_TRY(fill(cluster, arguments));
    bench::FetchLoad load;
    load.topic = arguments.topic;
    load.connections = arguments.connections;
    load.shape = {Millis(arguments.max_wait_ms), arguments.min_bytes, arguments.fetch_bytes};
    load.measure = bench_measure(arguments);
    MILENA_ASSIGN(const auto figures, bench::run_fetch_load(cluster, load));
    return arguments.cluster.json ? bench::load_json("consume", figures) + "\n"
                                  : bench::load_text("consume", figures);
}

Result<std::string> run_e2e(client::Cluster& cluster, Arguments arguments) {
    bench::LatencyLoad load;
    load.topic = arguments.topic;
    load.requests_per_second = arguments.e2e_rate;
    MILENA_ASSIGN(load.batch, batch_shape(arguments));
    load.batch.records = arguments.e2e_records;
    load.acks = acks(arguments);
    load.measure = bench_measure(arguments);
    MILENA_ASSIGN(const auto figures, bench::run_latency_load(cluster, load));
    return arguments.cluster.json ? bench::latency_json(figures) + "\n"
                                  : bench::latency_text(figures);
}

Result<std::string> run_connections(client::Cluster& cluster, Arguments arguments) {
    bench::IdleLoad load;
    load.connections = arguments.idle_connections;
    load.handshake = arguments.handshake;
    load.hold = Millis(static_cast<std::int64_t>(arguments.hold * 1000));
    load.server_pids = arguments.pids;
    MILENA_ASSIGN(const auto figures, bench::run_idle_load(cluster, load));
    return arguments.cluster.json ? bench::idle_json(figures) + "\n" : bench::idle_text(figures);
}

// Runs `load` with its topic around it; prints what it gives.
Status run_with_topic(client::Cluster& cluster, const BenchLoad& load, Arguments arguments,
                      const Io& io) {
    MILENA_ASSIGN(const auto topic, BenchTopic::make(cluster, arguments, arguments.topic));
    const auto text = load.run(cluster, arguments);
    const auto removed = topic.remove(cluster);
    if (!text) return std::unexpected(text.error());
    fmt::print(io.out, "{}", *text);
    return removed;
}

void add_batch_options(CLI::App& app, BenchArguments& arguments, std::int32_t& records) {
    app.add_option("--records", records, "Records in a batch")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    add_record_bytes_option(app, arguments);
    app.add_option("--codec", arguments.codec, "none, gzip, snappy, lz4 or zstd")
        ->capture_default_str();
    app.add_option("--acks", arguments.acks, "0, 1 or all")
        ->capture_default_str()
        ->check(CLI::IsMember({"0", "1", "all", "-1"}));
}

void add_produce(CLI::App& app, BenchArguments& arguments) {
    add_topic_options(app, arguments);
    add_measure_options(app, arguments);
    add_batch_options(app, arguments, arguments.records);
    add_pid_option(app, arguments);
    add_connections_option(app, arguments);
    add_in_flight_option(app, arguments);
    app.add_option("--rate", arguments.rate,
                   "Requests per second over all connections, due at fixed times (latency counts "
                   "from then); without it as fast as it goes")
        ->check(CLI::PositiveNumber);
}

void add_consume(CLI::App& app, BenchArguments& arguments) {
    add_topic_options(app, arguments);
    add_measure_options(app, arguments);
    add_batch_options(app, arguments, arguments.records);
    add_pid_option(app, arguments);
    add_connections_option(app, arguments);
    app.add_option("--fill", arguments.fill_gigabytes,
                   "First write so many GB in batches of the given shape");
    app.add_option("--fetch-bytes", arguments.fetch_bytes, "Most bytes in one answer")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--min-bytes", arguments.min_bytes, "Fewest bytes in one answer")
        ->capture_default_str();
    app.add_option("--max-wait-ms", arguments.max_wait_ms, "How long the broker may wait for them")
        ->capture_default_str();
}

void add_e2e(CLI::App& app, BenchArguments& arguments) {
    add_topic_options(app, arguments);
    add_measure_options(app, arguments);
    add_batch_options(app, arguments, arguments.e2e_records);
    add_pid_option(app, arguments);
    app.add_option("--rate", arguments.e2e_rate, "Requests per second, due at fixed times")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
}

void add_connections(CLI::App& app, BenchArguments& arguments) {
    add_pid_option(app, arguments);
    app.add_option("--connections", arguments.idle_connections, "How many to open")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_flag("!--no-handshake", arguments.handshake, "Do not even ask for the API versions");
    app.add_option("--hold", arguments.hold, "Seconds to keep them open")->capture_default_str();
}

const std::array kLoads{
    BenchLoad{"produce", "Throughput, or latency at a rate, of producing", &run_produce,
              &add_produce},
    BenchLoad{"consume", "Throughput of fetching", &run_consume, &add_consume},
    BenchLoad{"e2e", "Latency from producing to consuming", &run_e2e, &add_e2e},
    BenchLoad{"connections", "What idle connections cost", &run_connections, &add_connections,
              false},
};

Status run_load(client::Cluster& cluster, const BenchLoad& load, Arguments arguments,
                const Io& io) {
    if (load.uses_topic) return run_with_topic(cluster, load, arguments, io);
    MILENA_ASSIGN(const auto text, load.run(cluster, arguments));
    fmt::print(io.out, "{}", text);
    return {};
}

}  // namespace

bench::Measure bench_measure(Arguments arguments) {
    return {to_nanos(arguments.warm_up), to_nanos(arguments.seconds), arguments.pids};
}

Result<BenchTopic> BenchTopic::make(client::Cluster& cluster, Arguments arguments,
                                    std::string name) {
    client::NewTopic topic;
    topic.name = std::move(name);
    topic.partitions = arguments.partitions;
    for (const auto& text : arguments.settings) {
        MILENA_ASSIGN(auto setting, parse_setting(text));
        topic.configs.push_back(std::move(setting));
    }
    const auto created = client::create_topic(cluster, topic);
    if (!created && created.error().code != ErrorCode::TOPIC_ALREADY_EXISTS) {
        return std::unexpected(created.error());
    }
    return BenchTopic(topic.name, created.has_value() && !arguments.keep);
}

Status BenchTopic::remove(client::Cluster& cluster) const {
    if (!ours_) return {};
    return client::delete_topics(cluster, std::span(&name_, 1));
}

void add_topic_options(CLI::App& app, BenchArguments& arguments) {
    app.add_option("--topic", arguments.topic,
                   "Topic to use; made, and deleted afterwards, when it is not there")
        ->capture_default_str();
    app.add_option("-p,--partitions", arguments.partitions, "Partitions of a new topic")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("-c,--config", arguments.settings, "A setting of a new topic, name=value")
        ->expected(1)
        ->take_all();
    app.add_flag("--keep", arguments.keep, "Do not delete the topic");
}

void add_measure_options(CLI::App& app, BenchArguments& arguments) {
    app.add_option("--seconds", arguments.seconds, "How long to measure")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--warm-up", arguments.warm_up, "Seconds of the same load before that")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
}

void add_pid_option(CLI::App& app, BenchArguments& arguments) {
    app.add_option("--pid", arguments.pids,
                   "A broker's process on this machine: adds its CPU time and memory. Several are "
                   "summed up")
        ->expected(1)
        ->take_all();
}

void add_connections_option(CLI::App& app, BenchArguments& arguments) {
    app.add_option("--connections", arguments.connections, "Connections")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
}

void add_in_flight_option(CLI::App& app, BenchArguments& arguments) {
    app.add_option("--in-flight", arguments.in_flight, "Unanswered requests per connection")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
}

void add_record_bytes_option(CLI::App& app, BenchArguments& arguments) {
    app.add_option("--record-bytes", arguments.record_bytes, "Bytes of a record's value")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
}

int run_bench(int argc, char** argv, const Io& io) {
    CLI::App app("Measure any Kafka broker.", argv[0]);
    app.require_subcommand(1);
    BenchArguments arguments;
    const BenchLoad* chosen = nullptr;
    const auto add = [&](const BenchLoad& load) {
        auto* sub = app.add_subcommand(load.name, load.text);
        add_cluster_options(*sub, arguments.cluster);
        load.add_options(*sub, arguments);
        sub->callback([&chosen, &load] { chosen = &load; });
    };
    for (const auto& load : kLoads) add(load);
    for (const auto& load : coordinator_loads()) add(load);
    if (const auto code = parse(app, argc, argv, io)) return *code;

    auto settings = cluster_settings(arguments.cluster, io);
    if (!settings) return report_failure(argv[0], settings.error(), arguments.cluster.json, io);
    settings->client_id = "milena-bench";
    client::Cluster cluster(*std::move(settings), io.clock);
    if (auto status = run_load(cluster, *chosen, arguments, io); !status) {
        return report_failure(argv[0], status.error(), arguments.cluster.json, io);
    }
    return 0;
}

}  // namespace milena::cli
