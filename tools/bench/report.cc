#include "tools/bench/report.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace milena::bench {
namespace {

namespace json = boost::json;

constexpr double kMega = 1e6;
constexpr double kGiga = 1e9;

double millis(std::uint64_t nanos) {
    return static_cast<double>(nanos) / 1e6;
}
double per_second(std::uint64_t count, const Figures& figures) {
    return figures.seconds > 0 ? static_cast<double>(count) / figures.seconds : 0;
}
double per_gigabyte(double seconds, const Figures& figures) {
    return figures.bytes > 0 ? seconds / (static_cast<double>(figures.bytes) / kGiga) : 0;
}

std::string quantiles_text(std::string_view name, const Histogram& latency) {
    return fmt::format(
        "{:<14} p50 {:.3f} ms   p99 {:.3f} ms   p99.9 {:.3f} ms   max {:.3f} ms   ({} samples)\n",
        name, millis(latency.quantile(0.5)), millis(latency.quantile(0.99)),
        millis(latency.quantile(0.999)), millis(latency.max()), latency.count());
}

json::object quantiles_json(const Histogram& latency) {
    return {{"p50", millis(latency.quantile(0.5))},
            {"p90", millis(latency.quantile(0.9))},
            {"p99", millis(latency.quantile(0.99))},
            {"p99.9", millis(latency.quantile(0.999))},
            {"max", millis(latency.max())},
            {"mean", latency.mean() / 1e6},
            {"samples", latency.count()}};
}

std::string costs_text(const Figures& figures) {
    std::string out =
        fmt::format("{:<14} {:.2f} CPU-s ({:.2f} per GB)\n", "client", figures.client_cpu_seconds,
                    per_gigabyte(figures.client_cpu_seconds, figures));
    if (figures.server_cpu_seconds) {
        out += fmt::format("{:<14} {:.2f} CPU-s ({:.2f} per GB, {:.0f} % of a core)", "server",
                           *figures.server_cpu_seconds,
                           per_gigabyte(*figures.server_cpu_seconds, figures),
                           100 * *figures.server_cpu_seconds / figures.seconds);
    }
    if (figures.server_resident_bytes) {
        out += fmt::format(", {:.1f} MB resident\n",
                           static_cast<double>(*figures.server_resident_bytes) / kMega);
    }
    return out;
}

json::object figures_json(const Figures& figures) {
    json::object out{
        {"seconds", figures.seconds},
        {"requests", figures.requests},
        {"records", figures.records},
        {"bytes", figures.bytes},
        {"requests_per_second", per_second(figures.requests, figures)},
        {"records_per_second", per_second(figures.records, figures)},
        {"mb_per_second", per_second(figures.bytes, figures) / kMega},
        {"latency_ms", quantiles_json(figures.latency)},
        {"client_cpu_seconds", figures.client_cpu_seconds},
    };
    if (figures.server_cpu_seconds) {
        out.emplace("server_cpu_seconds", *figures.server_cpu_seconds);
        out.emplace("server_cpu_seconds_per_gb",
                    per_gigabyte(*figures.server_cpu_seconds, figures));
    }
    if (figures.server_resident_bytes) {
        out.emplace("server_resident_bytes", *figures.server_resident_bytes);
    }
    return out;
}

double bytes_per_connection(const IdleFigures& figures) {
    return static_cast<double>(static_cast<std::int64_t>(*figures.server_bytes_after) -
                               static_cast<std::int64_t>(*figures.server_bytes_before)) /
           figures.opened;
}

}  // namespace

std::string load_text(std::string_view name, const Figures& figures) {
    return fmt::format("{:<14} {:.1f} MB/s, {:.0f} requests/s, {:.0f} records/s over {:.1f} s\n",
                       name, per_second(figures.bytes, figures) / kMega,
                       per_second(figures.requests, figures), per_second(figures.records, figures),
                       figures.seconds) +
           quantiles_text("latency", figures.latency) + costs_text(figures);
}

std::string load_json(std::string_view name, const Figures& figures) {
    auto object = figures_json(figures);
    object.emplace("load", name);
    return json::serialize(object);
}

std::string latency_text(const LatencyFigures& figures) {
    const auto& all = figures.end_to_end;
    return fmt::format("{:<14} {:.0f} requests/s over {:.1f} s\n", "e2e",
                       per_second(all.requests, all), all.seconds) +
           quantiles_text("to consumer", all.latency) +
           quantiles_text("to answer", figures.acknowledge) + costs_text(all);
}

std::string latency_json(const LatencyFigures& figures) {
    auto object = figures_json(figures.end_to_end);
    object.emplace("load", "e2e");
    object.emplace("acknowledge_ms", quantiles_json(figures.acknowledge));
    return json::serialize(object);
}

std::string rebalance_text(const RebalanceFigures& figures) {
    return fmt::format("{:<14} {} members came and went in {:.1f} s\n", "rebalance",
                       figures.joins.requests, figures.joins.seconds) +
           quantiles_text("join", figures.joins.latency) + quantiles_text("leave", figures.leaves) +
           costs_text(figures.joins);
}

std::string rebalance_json(const RebalanceFigures& figures) {
    auto object = figures_json(figures.joins);
    object.emplace("load", "rebalance");
    object.emplace("leave_ms", quantiles_json(figures.leaves));
    return json::serialize(object);
}

std::string idle_text(const IdleFigures& figures) {
    std::string out =
        fmt::format("{:<14} {} opened in {:.2f} s ({:.0f} per second)\n", "connections",
                    figures.opened, figures.seconds, figures.opened / figures.seconds);
    if (figures.server_bytes_after) {
        out += fmt::format(
            "{:<14} {:.1f} MB before, {:.1f} MB with them: {:.0f} bytes each; {:.2f} "
            "CPU-s while they were idle\n",
            "server", static_cast<double>(*figures.server_bytes_before) / kMega,
            static_cast<double>(*figures.server_bytes_after) / kMega, bytes_per_connection(figures),
            *figures.server_cpu_seconds);
    }
    return out;
}

std::string idle_json(const IdleFigures& figures) {
    json::object out{
        {"load", "connections"}, {"connections", figures.opened}, {"seconds", figures.seconds}};
    if (figures.server_bytes_after) {
        out.emplace("server_bytes_before", *figures.server_bytes_before);
        out.emplace("server_bytes_after", *figures.server_bytes_after);
        out.emplace("server_bytes_per_connection", bytes_per_connection(figures));
        out.emplace("server_cpu_seconds", *figures.server_cpu_seconds);
    }
    return json::serialize(out);
}

}  // namespace milena::bench
