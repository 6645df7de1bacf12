#include "tools/client/endpoint.h"

#include <charconv>

#include <fmt/format.h>

namespace milena::client {
namespace {

constexpr std::uint16_t kDefaultPort = 9092;

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

auto bad_address(std::string_view part, std::string_view why) {
    return fail(ErrorCode::INVALID_REQUEST,
                fmt::format("'{}' is not an address: {}; write host:port, for example "
                            "localhost:9092",
                            part, why));
}

// Splits off the port; `host` keeps the rest. An IPv6 address without brackets has no port.
std::string_view take_port(std::string_view& host) {
    const auto colon = host.rfind(':');
    if (colon == std::string_view::npos) return {};
    const bool bracketed = !host.empty() && host.front() == '[';
    if (bracketed && host.find(']') > colon) return {};
    if (!bracketed && host.find(':') != colon) return {};
    const auto port = host.substr(colon + 1);
    host = host.substr(0, colon);
    return port;
}

Result<Endpoint> parse_endpoint(std::string_view part, MissingPort missing_port) {
    std::string_view host = part;
    if (const auto scheme = host.find("://"); scheme != std::string_view::npos) {
        host.remove_prefix(scheme + 3);
    }
    const bool has_port_colon = host.ends_with(':');
    const auto port_text = take_port(host);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty()) return bad_address(part, "the host is missing");
    if (port_text.empty()) {
        if (has_port_colon || missing_port == MissingPort::is_an_error) {
            return bad_address(part, "the port is missing");
        }
        return Endpoint{std::string(host), kDefaultPort};
    }
    std::uint16_t port = 0;
    const auto* end = port_text.data() + port_text.size();
    const auto [rest, error] = std::from_chars(port_text.data(), end, port);
    if (error != std::errc{} || rest != end || port == 0) {
        return bad_address(part, fmt::format("'{}' is not a port (1 to 65535)", port_text));
    }
    return Endpoint{std::string(host), port};
}

}  // namespace

std::string Endpoint::to_string() const {
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view list, MissingPort missing_port) {
    std::vector<Endpoint> endpoints;
    while (true) {
        const auto comma = list.find(',');
        const auto part = trim(list.substr(0, comma));
        if (!part.empty()) {
            MILENA_ASSIGN(Endpoint endpoint, parse_endpoint(part, missing_port));
            endpoints.push_back(std::move(endpoint));
        }
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    if (endpoints.empty()) return bad_address(list, "nothing is named");
    return endpoints;
}

}  // namespace milena::client
