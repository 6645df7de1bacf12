// Where this node listens and what it tells others to connect to, from the settings of the same
// names, by Kafka's rules. Source: core/.../server/KafkaConfig.scala.
#pragma once

#include "protocol/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milena::config {

enum class SecurityProtocol : std::uint8_t {
    Plaintext = 0,
    Ssl = 1,
    SaslPlaintext = 2,
    SaslSsl = 3
};
std::string_view protocol_name(SecurityProtocol protocol);

struct Listener {
    std::string name;  // upper case, "PLAINTEXT"
    SecurityProtocol protocol = SecurityProtocol::Plaintext;
    std::string host;        // empty: every interface; no brackets around IPv6
    std::uint16_t port = 0;  // 0: the kernel chooses
    // Part of the default that nobody asked for: if it cannot be bound (a machine without IPv6),
    // that is worth a line in the log, not an exit.
    bool optional = false;
};

// What clients, or controllers, are told. Port 0 stands for the port that the listener of the same
// name really got.
struct AdvertisedListener {
    std::string name;
    SecurityProtocol protocol = SecurityProtocol::Plaintext;
    std::string host;
    std::uint16_t port = 0;
};

struct ListenerPlan {
    std::vector<Listener> broker;      // clients and other brokers
    std::vector<Listener> controller;  // empty: this node's controller is reached in the process
    std::vector<AdvertisedListener> advertised;  // one for each name of `broker`
    std::string inter_broker;                    // name of the listener that brokers use
    std::vector<std::string> controller_names;   // in the order of controller.listener.names
};

// The settings that decide, as they stand in Settings.
struct ListenerSettings {
    const std::vector<std::string>& listeners;
    const std::vector<std::string>& advertised;
    std::string_view protocol_map;
    bool protocol_map_set = false;
    const std::vector<std::string>& controller_names;
    std::string_view inter_broker_name;  // empty: not set
    std::string_view inter_broker_protocol;
    bool inter_broker_protocol_set = false;
    bool is_broker = true;
    bool is_controller = true;
    bool listeners_set = false;
    // What an empty host is advertised as.
    std::string_view host_name;
};

// Errors are INVALID_CONFIG and name the setting and the listener. A protocol other than PLAINTEXT
// is refused: it is not served yet.
Result<ListenerPlan> plan_listeners(const ListenerSettings& settings);

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};
// "host:port" or "[v6]:port"; the host may be empty.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace milena::config
