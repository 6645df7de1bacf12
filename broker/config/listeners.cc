#include "broker/config/listeners.h"

#include "broker/config/value.h"
#include "protocol/base/assert.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace milena::config {
namespace {

using ProtocolMap = std::map<std::string, SecurityProtocol, std::less<>>;

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    return result;
}

template <class... Args>
std::unexpected<Error> refuse(fmt::format_string<Args...> text, Args&&... args) {
    return fail(ErrorCode::INVALID_CONFIG, fmt::format(text, std::forward<Args>(args)...));
}

std::optional<SecurityProtocol> find_protocol(std::string_view name) {
    for (const auto protocol : {SecurityProtocol::Plaintext, SecurityProtocol::Ssl,
                                SecurityProtocol::SaslPlaintext, SecurityProtocol::SaslSsl}) {
        if (protocol_name(protocol) == name) return protocol;
    }
    return std::nullopt;
}

Result<ProtocolMap> parse_protocol_map(const ListenerSettings& settings) {
    ProtocolMap result;
    for (const std::string& entry : split_list(settings.protocol_map)) {
        const auto colon = entry.rfind(':');
        if (colon == std::string::npos || colon == 0) {
            return refuse("listener.security.protocol.map: \"{}\" is not NAME:PROTOCOL", entry);
        }
        const std::string name = upper(trim(std::string_view(entry).substr(0, colon)));
        const std::string text = upper(trim(std::string_view(entry).substr(colon + 1)));
        const auto protocol = find_protocol(text);
        if (!protocol) {
            return refuse(
                "listener.security.protocol.map: {} is no security protocol; use PLAINTEXT, SSL, "
                "SASL_PLAINTEXT or SASL_SSL",
                text);
        }
        if (!result.emplace(name, *protocol).second) {
            return refuse("listener.security.protocol.map names {} twice", name);
        }
    }
    return result;
}

// "NAME://host:port" with the protocol that the map gives to NAME.
Result<Listener> parse_listener(std::string_view setting, std::string_view text,
                                const ProtocolMap& protocols) {
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos || scheme == 0) {
        return refuse("{}: \"{}\" is not NAME://host:port", setting, text);
    }
    const auto address = parse_host_port(text.substr(scheme + 3));
    if (!address) {
        return refuse("{}: \"{}\" is not NAME://host:port: {}", setting, text,
                      address.error().detail);
    }
    Listener listener;
    listener.name = upper(text.substr(0, scheme));
    listener.host = address->host;
    listener.port = address->port;
    const auto protocol = protocols.find(listener.name);
    if (protocol == protocols.end()) {
        return refuse(
            "{}: listener {} has no security protocol; add {}:PLAINTEXT to "
            "listener.security.protocol.map",
            setting, listener.name, listener.name);
    }
    listener.protocol = protocol->second;
    return listener;
}

bool is_v6_literal(std::string_view host) {
    return host.find(':') != std::string_view::npos;
}
bool is_v4_literal(std::string_view host) {
    return !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// One address family each on the same port: the only way in which two listeners may share it.
bool are_two_families(const Listener& a, const Listener& b) {
    return (is_v4_literal(a.host) && is_v6_literal(b.host)) ||
           (is_v6_literal(a.host) && is_v4_literal(b.host));
}

Status check_distinct(const std::vector<Listener>& listeners) {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const Listener& a = listeners[j];
            const Listener& b = listeners[i];
            const bool same_port = a.port == b.port && a.port != 0;
            if (a.name == b.name && !(a.port == b.port && are_two_families(a, b))) {
                return refuse("listeners: the name {} stands for two addresses", a.name);
            }
            if (same_port && !are_two_families(a, b)) {
                return refuse("listeners: {} and {} both use port {}", a.name, b.name, a.port);
            }
        }
    }
    return {};
}

Status check_served(const std::vector<Listener>& listeners) {
    for (const Listener& listener : listeners) {
        if (listener.protocol != SecurityProtocol::Plaintext) {
            return refuse(
                "listeners: {} asks for {}, which Milena does not serve yet; only PLAINTEXT "
                "listeners work",
                listener.name, protocol_name(listener.protocol));
        }
    }
    return {};
}

bool is_listed(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// Splits `all` into the plan's broker and controller listeners by the node's roles.
Status assign_roles(const ListenerSettings& settings, std::vector<Listener> all,
                    ListenerPlan& plan) {
    for (Listener& listener : all) {
        const bool for_controllers = is_listed(plan.controller_names, listener.name);
        if (for_controllers && !settings.is_controller) {
            return refuse(
                "listeners: {} is one of controller.listener.names, but process.roles does not "
                "make this node a controller; remove it from listeners",
                listener.name);
        }
        if (!for_controllers && !settings.is_broker) {
            return refuse(
                "listeners: {} is none of controller.listener.names, but process.roles makes this "
                "node only a controller; remove it from listeners",
                listener.name);
        }
        (for_controllers ? plan.controller : plan.broker).push_back(std::move(listener));
    }
    if (settings.is_broker && plan.broker.empty()) {
        return refuse(
            "listeners: a broker needs a listener that is none of "
            "controller.listener.names");
    }
    if (!settings.is_broker && plan.controller.empty()) {
        return refuse("listeners: a controller needs a listener of controller.listener.names");
    }
    return {};
}

// What clients are told when advertised.listeners is not set: the listeners themselves.
Status advertise_listeners(const ListenerSettings& settings, ListenerPlan& plan) {
    for (const Listener& listener : plan.broker) {
        if (listener.host == "0.0.0.0") {
            return refuse(
                "listeners: {} listens on 0.0.0.0, which no client can connect to; set "
                "advertised.listeners={}://<this host's name>:{}",
                listener.name, listener.name, listener.port);
        }
        if (std::ranges::find(plan.advertised, listener.name, &AdvertisedListener::name) !=
            plan.advertised.end()) {
            continue;  // the second address family of the same name
        }
        const bool any_interface = listener.host.empty() || listener.host == "::";
        AdvertisedListener advertised{
            listener.name, listener.protocol,
            any_interface ? std::string(settings.host_name) : listener.host, listener.port};
        if (!settings.listeners_set) advertised.host = "localhost";
        plan.advertised.push_back(std::move(advertised));
    }
    return {};
}

Status advertise_as_told(const ListenerSettings& settings, const ProtocolMap& protocols,
                         ListenerPlan& plan) {
    for (const std::string& text : settings.advertised) {
        MILENA_ASSIGN(Listener listener, parse_listener("advertised.listeners", text, protocols));
        if (is_listed(plan.controller_names, listener.name)) continue;
        if (listener.host == "0.0.0.0") {
            return refuse(
                "advertised.listeners: {} says 0.0.0.0, which no client can connect to; name an "
                "address of this host",
                listener.name);
        }
        if (std::ranges::find(plan.broker, listener.name, &Listener::name) == plan.broker.end()) {
            return refuse("advertised.listeners: {} is none of listeners", listener.name);
        }
        if (std::ranges::find(plan.advertised, listener.name, &AdvertisedListener::name) !=
            plan.advertised.end()) {
            return refuse("advertised.listeners names {} twice", listener.name);
        }
        if (listener.host.empty()) listener.host = settings.host_name;
        plan.advertised.push_back(
            {listener.name, listener.protocol, std::move(listener.host), listener.port});
    }
    return {};
}

Status choose_inter_broker(const ListenerSettings& settings, const ProtocolMap& protocols,
                           ListenerPlan& plan) {
    const bool by_name = !settings.inter_broker_name.empty();
    if (by_name && settings.inter_broker_protocol_set) {
        return refuse(
            "inter.broker.listener.name and security.inter.broker.protocol: set only "
            "one of the two");
    }
    plan.inter_broker =
        upper(by_name ? settings.inter_broker_name : settings.inter_broker_protocol);
    if (by_name && !protocols.contains(plan.inter_broker)) {
        return refuse(
            "inter.broker.listener.name: {} does not stand in listener.security.protocol.map",
            plan.inter_broker);
    }
    if (!settings.is_broker) return {};
    if (std::ranges::find(plan.advertised, plan.inter_broker, &AdvertisedListener::name) ==
        plan.advertised.end()) {
        std::vector<std::string_view> names;
        for (const AdvertisedListener& one : plan.advertised) names.push_back(one.name);
        return refuse(
            "inter.broker.listener.name: brokers would talk over {}, which is no advertised "
            "listener; set it to one of {}",
            plan.inter_broker, fmt::join(names, ", "));
    }
    return {};
}

}  // namespace

std::string_view protocol_name(SecurityProtocol protocol) {
    switch (protocol) {
        case SecurityProtocol::Plaintext:
            return "PLAINTEXT";
        case SecurityProtocol::Ssl:
            return "SSL";
        case SecurityProtocol::SaslPlaintext:
            return "SASL_PLAINTEXT";
        case SecurityProtocol::SaslSsl:
            return "SASL_SSL";
    }
    MILENA_UNREACHABLE();
}

Result<HostPort> parse_host_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return refuse("\"{}\" has no port", text);
    HostPort result;
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return refuse("\"{}\" is no port from 0 to 65535", digits);
    }
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (is_v6_literal(host)) {
        return refuse("the IPv6 address {} must stand in [ ]", host);
    }
    const bool known = std::ranges::all_of(host, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-%._:").find(c) != std::string_view::npos;
    });
    if (!known) return refuse("\"{}\" is no host name or address", host);
    result.host = host;
    return result;
}

Result<ListenerPlan> plan_listeners(const ListenerSettings& settings) {
    ListenerPlan plan;
    for (const std::string& name : settings.controller_names) {
        plan.controller_names.push_back(upper(name));
    }
    MILENA_ASSIGN(ProtocolMap protocols, parse_protocol_map(settings));
    // Kafka gives controllers' listeners PLAINTEXT when nobody wrote a map.
    if (!settings.protocol_map_set) {
        for (const std::string& name : plan.controller_names) {
            protocols.emplace(name, SecurityProtocol::Plaintext);
        }
    }
    std::vector<Listener> all;
    for (const std::string& text : settings.listeners) {
        MILENA_ASSIGN(Listener listener, parse_listener("listeners", text, protocols));
        listener.optional = !settings.listeners_set && !all.empty();
        all.push_back(std::move(listener));
    }
    MILENA_TRY(check_distinct(all));
    MILENA_TRY(check_served(all));
    MILENA_TRY(assign_roles(settings, std::move(all), plan));
    if (settings.advertised.empty()) {
        MILENA_TRY(advertise_listeners(settings, plan));
    } else {
        MILENA_TRY(advertise_as_told(settings, protocols, plan));
    }
    MILENA_TRY(choose_inter_broker(settings, protocols, plan));
    return plan;
}

}  // namespace milena::config
