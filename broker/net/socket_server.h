// The network face of a node: listeners, the connections they bring, and their orderly end.
#pragma once

#include "broker/net/connection_host.h"
#include "broker/net/frame_sink.h"
#include "broker/net/listen_socket.h"
#include "broker/net/listener.h"
#include "broker/net/net_counters.h"
#include "broker/net/net_settings.h"
#include "broker/net/reactor_pool.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace milena::net {

// Driven from one thread that is not a reactor. `reactors` and `sink` outlive it, and the reactors
// run until it has stopped.
class SocketServer {
  public:
    SocketServer(ReactorPool& reactors, FrameSink& sink, NetSettings settings);
    // Stops without waiting for requests in progress.
    ~SocketServer();

    // Accepts connections from now on. The port it got, or the reason why not.
    Result<std::uint16_t> listen(const ListenEndpoint& endpoint);

    // Accepts no more connections and no more frames, lets the requests in progress be answered for
    // `drain`, then closes what is left. Returns when no connection exists any more.
    void stop(Millis drain);

    // From any thread.
    NetTotals totals() const;
    ConnectionLimits& limits() { return shared_.limits; }

  private:
    bool running() const;
    template <class Function>
    void on_every_reactor(Function function);

    NetShared shared_;
    std::vector<std::unique_ptr<ConnectionHost>> hosts_;
    std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace milena::net
