#include "tools/dev/plan.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace milena::dev {
namespace {

constexpr std::string_view kHost = "127.0.0.1";
constexpr int kLastPort = 65535;
constexpr int kReplicas = 3;

// They differ from node to node, or hold the nodes together.
constexpr std::array<std::string_view, 6> kOfThePlan = {
    "node.id", "listeners", "log.dirs", "log.dir", "controller.quorum.voters", "process.roles"};

std::uint16_t port_at(const Request& request, int index) {
    return static_cast<std::uint16_t>(request.base_port + index);
}

std::string voters(const Request& request) {
    std::string text;
    for (int i = 0; i < request.nodes; ++i) {
        text += fmt::format("{}{}@{}:{}", i == 0 ? "" : ",", i + 1, kHost,
                            port_at(request, request.nodes + i));
    }
    return text;
}

void set(std::vector<Setting>& settings, const Setting& one) {
    const auto at = std::ranges::find(settings, one.first, &Setting::first);
    if (at == settings.end()) {
        settings.push_back(one);
    } else {
        at->second = one.second;
    }
}

std::vector<Setting> settings_of(const Request& request, const NodePlan& node,
                                 const std::string& folder) {
    const int replicas = std::min(request.nodes, kReplicas);
    const auto factor = std::to_string(replicas);
    const std::string in_sync = replicas == kReplicas ? "2" : "1";
    std::vector<Setting> settings{
        {"node.id", std::to_string(node.id)},
        {"process.roles", "broker,controller"},
        {"listeners", fmt::format("PLAINTEXT://{}:{},CONTROLLER://{}:{}", kHost, node.port, kHost,
                                  node.controller_port)},
        {"controller.listener.names", "CONTROLLER"},
        {"controller.quorum.voters", voters(request)},
        {"log.dirs", folder},
        {"default.replication.factor", factor},
        {"min.insync.replicas", in_sync},
        {"offsets.topic.replication.factor", factor},
        {"transaction.state.log.replication.factor", factor},
        {"transaction.state.log.min.isr", in_sync},
        // A node that falls silent is given up after 3 s: Kafka's defaults make it 11 s.
        {"broker.session.timeout.ms", "2000"},
        {"broker.heartbeat.interval.ms", "300"},
        {"controller.quorum.fetch.timeout.ms", "1000"},
    };
    for (const auto& extra : request.settings) set(settings, extra);
    return settings;
}

Status check(const Request& request) {
    const int last = request.base_port + 2 * request.nodes - 1;
    if (request.nodes < 1 || request.base_port < 1 || last > kLastPort) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("{} nodes from port {} on need the ports up to {}; choose ports "
                                "from 1 to {}",
                                request.nodes, request.base_port, last, kLastPort));
    }
    if (request.data.empty() || request.data.find_first_of(",\\\n") != std::string::npos) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("the folder '{}' cannot stand in log.dirs; choose a name without "
                                "comma and backslash",
                                request.data));
    }
    for (const auto& [name, value] : request.settings) {
        if (std::ranges::find(kOfThePlan, name) != kOfThePlan.end()) {
            return fail(
                ErrorCode::INVALID_CONFIG,
                fmt::format("{} cannot be set for all nodes; milena dev gives it to each", name));
        }
    }
    return {};
}

// The value as a properties file holds it.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || (c == ' ' && text.empty())) text += '\\';
        text += c;
    }
    return text;
}

}  // namespace

Result<std::vector<NodePlan>> plan_cluster(const Request& request) {
    MILENA_TRY(check(request));
    const std::string absolute =
        request.data.starts_with('/') ? request.data : request.working_folder + "/" + request.data;
    std::vector<NodePlan> nodes;
    for (int i = 0; i < request.nodes; ++i) {
        NodePlan node;
        node.id = i + 1;
        node.port = port_at(request, i);
        node.controller_port = port_at(request, request.nodes + i);
        const auto name = fmt::format("/node-{}", node.id);
        node.data_folder = request.data + name;
        node.log_file = node.data_folder + ".log";
        node.config_file = node.data_folder + ".properties";
        node.settings = settings_of(request, node, absolute + name);
        nodes.push_back(std::move(node));
    }
    return nodes;
}

std::string properties_text(const NodePlan& node, std::size_t nodes) {
    auto text = fmt::format("# Node {} of {}. Written by milena dev, anew at every start.\n",
                            node.id, nodes);
    for (const auto& [name, value] : node.settings) {
        text += fmt::format("{}={}\n", name, escaped(value));
    }
    return text;
}

std::string bootstrap(const std::vector<NodePlan>& nodes) {
    std::string text;
    for (const auto& node : nodes) {
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", kHost, node.port);
    }
    return text;
}

int node_of_config_file(std::string_view name) {
    constexpr std::string_view kBegin = "node-";
    constexpr std::string_view kEnd = ".properties";
    if (name.size() <= kBegin.size() + kEnd.size() || !name.starts_with(kBegin) ||
        !name.ends_with(kEnd)) {
        return 0;
    }
    name = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
    int node = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), node);
    return error == std::errc{} && end == name.data() + name.size() && node > 0 ? node : 0;
}

}  // namespace milena::dev
