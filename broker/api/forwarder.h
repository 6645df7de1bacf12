// The way of requests that only the active controller answers, when that is another node (KIP-590).
#pragma once

#include "broker/net/frame_sink.h"
#include "protocol/wire/api_table.h"

namespace milena::api {

class Forwarder {
  public:
    virtual ~Forwarder() = default;

    // Is this a request for the active controller, and that another node? From any thread.
    virtual bool must_forward(ApiKey key) const = 0;
    // Does the answer name who leads? It should not name a node that has just died, while its
    // partitions are about to have other leaders: a client that waits for them a moment goes on at
    // once; one that is told the old ones asks again a second later.
    virtual bool names_leaders(ApiKey key) const = 0;
    // `look` runs, on another thread, when all that this node's connections to others have to tell
    // by now is noted; is_settling() is true then while a node that died is still counted on, or
    // while nodes that started together have not all come.
    virtual void catch_up(net::Task look) = 0;
    virtual bool is_settling() = 0;
    // Sends the frame (header and body) as it is; the answer goes back as it comes. `from` is whom
    // it came from. From any thread; what the frame views is copied. Closes the connection when no
    // answer can be had, so that the client asks again.
    virtual void forward(ByteView frame, const net::Peer& from, net::ReplyTicket ticket) = 0;
};

}  // namespace milena::api
