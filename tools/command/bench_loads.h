// What the files of `milena bench` share: its arguments, and how a load is one of its subcommands.
#pragma once

#include "protocol/base/error.h"
#include "tools/bench/load.h"
#include "tools/client/cluster.h"
#include "tools/command/common.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace milena::cli {

struct BenchArguments {
    ClusterOptions cluster;
    std::string topic = "milena-bench";
    std::int32_t partitions = 1;
    std::vector<std::string> settings;
    bool keep = false;
    std::vector<int> pids;
    double seconds = 10;
    double warm_up = 2;
    std::int32_t connections = 1;
    std::int32_t in_flight = 5;
    std::int32_t records = 100;
    std::int32_t record_bytes = 100;
    std::string codec = "none";
    std::string acks = "all";
    double rate = 0;
    double e2e_rate = 500;
    std::int32_t e2e_records = 1;
    double fill_gigabytes = 0;
    std::int32_t fetch_bytes = 50 * 1024 * 1024;
    std::int32_t min_bytes = 1;
    std::int64_t max_wait_ms = 500;
    std::int32_t idle_connections = 1000;
    bool handshake = true;
    double hold = 1;
    // Of the loads on coordinators.
    std::int32_t producers = 1;
    double pipeline_rate = 200;
    std::int32_t members = 10;
    std::string protocol = "consumer";
    std::int64_t heartbeat_ms = 3;
};

// A subcommand: what it prints, and what of the arguments it takes.
struct BenchLoad {
    const char* name;
    const char* text;
    Result<std::string> (*run)(client::Cluster&, const BenchArguments&);
    void (*add_options)(CLI::App&, BenchArguments&);
    bool uses_topic = true;
};

// Groups and transactions (bench_coordinators.cc).
std::span<const BenchLoad> coordinator_loads();

// A topic for the time of a load: made when it is not there, and then deleted again.
class BenchTopic {
  public:
    static Result<BenchTopic> make(client::Cluster& cluster, const BenchArguments& arguments,
                                   std::string name);
    Status remove(client::Cluster& cluster) const;

  private:
    BenchTopic(std::string name, bool ours) : name_(std::move(name)), ours_(ours) {}

    std::string name_;
    bool ours_;
};

bench::Measure bench_measure(const BenchArguments& arguments);
void add_topic_options(CLI::App& app, BenchArguments& arguments);
void add_measure_options(CLI::App& app, BenchArguments& arguments);
void add_pid_option(CLI::App& app, BenchArguments& arguments);
void add_connections_option(CLI::App& app, BenchArguments& arguments);
void add_in_flight_option(CLI::App& app, BenchArguments& arguments);
void add_record_bytes_option(CLI::App& app, BenchArguments& arguments);

}  // namespace milena::cli
