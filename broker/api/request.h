// How a handler sees a request, and how it answers: typed bodies in, one typed reply out.
//
// Views in a Request are valid during the handler's call only. A handler that must wait moves its
// Reply into a Waiter and keeps copies of what it needs.
#pragma once

#include "broker/api/connection.h"
#include "broker/net/frame_sink.h"
#include "protocol/base/arena.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/wire/frame.h"

#include <string_view>
#include <utility>

namespace milena::api {

struct Services;

// A request whose header has been read.
struct Call {
    ApiKey key;
    ApiVersion version;
    CorrelationId correlation;
    std::string_view client_id;  // empty when null
    MutableBytes body;
    Connection& connection;
    Arena& arena;
    MonoTime now;
    net::ReplyTicket ticket;
};

template <class Body>
struct Request {
    Body& body;
    ApiVersion version;  // for the rules that Kafka itself ties to a version
    std::string_view client_id;
    Connection& connection;
    Arena& arena;  // lives until the handler returns
    MonoTime now;
};

// The answer still owed. Dies unanswered only by mistake; the connection is closed then.
template <class Body>
class Reply {
  public:
    Reply(net::ReplyTicket ticket, CorrelationId correlation, ApiVersion version)
        : ticket_(std::move(ticket)), correlation_(correlation), version_(version) {}

    void send(const Body& body) {
        auto frame = encode_response(correlation_, version_, body);
        if (frame) {
            ticket_.send(std::move(*frame));
        } else {
            ticket_.close(frame.error().detail);
        }
    }
    void send_nothing() { ticket_.send_nothing(); }
    void close(std::string_view reason) { ticket_.close(reason); }

    net::Executor& executor() const { return ticket_.executor(); }
    ApiVersion version() const { return version_; }

  private:
    net::ReplyTicket ticket_;
    CorrelationId correlation_;
    ApiVersion version_;
};

}  // namespace milena::api
