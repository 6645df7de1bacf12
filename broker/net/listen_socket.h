// Opening the sockets that a broker listens on.
#pragma once

#include "broker/net/net_settings.h"
#include "broker/net/unique_fd.h"
#include "protocol/base/error.h"

#include <cstdint>
#include <string>

namespace milena::net {

struct ListenEndpoint {
    std::string name;  // of the listener, "PLAINTEXT"
    // A name or a numeric address; the first IPv4 address of a name, else its first. Empty or "::":
    // every interface, IPv4 and IPv6.
    std::string host;
    std::uint16_t port = 0;  // 0: the kernel chooses
};

struct ListenSocket {
    UniqueFd handle;
    std::uint16_t port = 0;
};

// Binds and listens; non-blocking. Accepted sockets inherit TCP_NODELAY, SO_KEEPALIVE and the
// buffer sizes. NETWORK_EXCEPTION says which address could not be bound, and why.
Result<ListenSocket> open_listen_socket(const ListenEndpoint& endpoint,
                                        const NetSettings& settings);

}  // namespace milena::net
