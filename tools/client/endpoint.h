// Where a broker listens, and the "host:port,host:port" lists people type.
#pragma once

#include "protocol/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milena::client {

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    // "host:port"; an IPv6 host stands in brackets.
    std::string to_string() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

enum class MissingPort : std::uint8_t { is_an_error, means_9092 };

// Accepts what Kafka's clients accept: comma separated, blanks around, "[::1]:9092", a leading
// "PLAINTEXT://". INVALID_REQUEST names the part that is not an address.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view list, MissingPort missing_port);

}  // namespace milena::client
