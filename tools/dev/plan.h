// What `milena dev` runs: a cluster on this machine, each node broker and controller, as the
// properties of its nodes. Pure; conf/cluster-*.properties are the same by hand, which a test
// holds.
#pragma once

#include "protocol/base/error.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::dev {

using Setting = std::pair<std::string, std::string>;

struct Request {
    int nodes = 3;
    std::string data = "cluster";  // absolute or relative to `working_folder`
    std::string working_folder{};
    // Clients use this port and those after it, one for each node; controllers the ones behind.
    int base_port = 9092;
    std::vector<Setting> settings{};  // for every node, over what the plan sets
};

struct NodePlan {
    int id = 0;
    std::uint16_t port = 0;
    std::uint16_t controller_port = 0;
    // Below Request::data, as it was given.
    std::string data_folder;
    std::string log_file;
    std::string config_file;
    std::vector<Setting> settings;
};

// INVALID_CONFIG for ports that there are not, for a folder that a list of log.dirs cannot name,
// and for settings that only the plan can give.
Result<std::vector<NodePlan>> plan_cluster(const Request& request);

// The text of a properties file for `milena serve --config`.
std::string properties_text(const NodePlan& node, std::size_t nodes);

// "127.0.0.1:9092,127.0.0.1:9093": what a client connects to.
std::string bootstrap(const std::vector<NodePlan>& nodes);

// The node of a file name "node-3.properties"; 0: it is no such name.
int node_of_config_file(std::string_view name);

}  // namespace milena::dev
