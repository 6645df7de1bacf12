// Opens connections to other nodes: to the network in production, to simulated peers in tests.
#pragma once

#include "broker/net/socket_options.h"
#include "broker/net/transport.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace milena::net {

// Where another node listens; the host may be a name.
struct RemoteAddress {
    std::string host;
    std::uint16_t port = 0;

    std::string text() const;  // "host:port"
};

class Connector {
  public:
    using Opened = std::move_only_function<void(Result<std::unique_ptr<Transport>>)>;

    virtual ~Connector() = default;

    // Exactly one call of `opened` follows, on the executor of whoever asks and not from within
    // this call: with a stream whose events go to `events`, or with NETWORK_EXCEPTION, which says
    // what failed. Trying ends after `patience`.
    virtual void connect(const RemoteAddress& to, Millis patience, TransportEvents& events,
                         Opened opened) = 0;
};

// TCP from this reactor, which outlives the connector; used on its thread. Every address of a name
// is tried in turn.
std::unique_ptr<Connector> make_tcp_connector(Reactor& reactor, SocketBuffers buffers);

}  // namespace milena::net
