// From a frame to its handler: header, version and scope checks, then the one row of the API table.
//
// Closes the connection without a reply for what Kafka closes it for (semantics A8): an unknown
// key, an unsupported version, a body that does not parse.
#pragma once

#include "broker/api/request.h"
#include "broker/net/frame_sink.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace milena::api {

class Dispatch final : public net::FrameSink {
  public:
    explicit Dispatch(Services& services, Plane plane = Plane::broker)
        : services_(services), plane_(plane) {}

    std::unique_ptr<net::ConnectionState> on_open(const net::Peer& peer,
                                                  net::Executor& executor) override;
    void on_frame(net::ConnectionState& state, MutableBytes frame,
                  net::ReplyTicket ticket) override;
    void on_close(net::ConnectionState& state) override;

  private:
    Services& services_;
    const Plane plane_;
    std::atomic<std::uint64_t> connections_ = 0;  // so far
};

// Dispatch of one frame, also of one that came in an envelope.
void handle_frame(Services& services, Connection& connection, MutableBytes frame,
                  net::ReplyTicket ticket);

// The rows of the API table that are handled, ascending by key.
const std::vector<ApiKey>& handled_apis(Plane plane);
bool is_handled(ApiKey key, Plane plane);

}  // namespace milena::api
