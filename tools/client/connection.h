// One connection to one broker: knows which API versions both sides speak, sends requests, reads
// the answers in the order of the requests. Every failure names the API and the broker; after one
// on the network the connection is of no more use.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/wire/api_table.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/version_ranges.h"
#include "tools/client/calls.h"
#include "tools/client/endpoint.h"
#include "tools/client/socket.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace milena::client {

// A decoded answer with the memory that it views.
template <class Message>
struct Reply {
    std::vector<std::uint8_t> frame;
    Arena arena;
    Message message;
};
template <class Request>
using ReplyTo = std::unique_ptr<Reply<typename ResponseTo<Request>::type>>;

// A request that was sent and not yet answered.
struct Sent {
    CorrelationId correlation_id;
    ApiVersion version;
};

class Connection {
  public:
    // Connects and asks for the API versions (ApiVersions, falling back to what an older broker
    // offers).
    static Result<std::unique_ptr<Connection>> open(Endpoint endpoint, std::string client_id,
                                                    MonoTime deadline, const Clock& clock);

    const Endpoint& endpoint() const { return endpoint_; }
    Socket& socket() { return socket_; }
    // Hands the connected socket to somebody who speaks for himself; this object is done then.
    Socket release_socket() { return std::move(socket_); }
    const std::string& client_id() const { return client_id_; }

    // The newest version that both sides speak; UNSUPPORTED_VERSION when there is none.
    Result<ApiVersion> version_of(ApiKey api, int our_newest) const;
    bool speaks(ApiKey api) const { return ranges_.offers(api); }

    template <class Request>
    Result<Sent> send(const Request& request, MonoTime deadline) {
        MILENA_ASSIGN(const ApiVersion version,
                      version_of(Request::kApiKey, newest(Request::kApiKey)));
        return send_as(request, version, deadline);
    }
    // Reads the answer to the oldest unanswered request, which must be `sent`.
    template <class Request>
    Result<ReplyTo<Request>> receive(const Sent& sent, MonoTime deadline) {
        using Response = typename ResponseTo<Request>::type;
        auto reply = std::make_unique<Reply<Response>>();
        MILENA_ASSIGN(const std::size_t body,
                      receive_frame(Request::kApiKey, sent, reply->frame, deadline));
        auto message = decode_message<Response>(ByteView(reply->frame).subspan(body), sent.version,
                                                reply->arena, kTrustedLimits);
        if (!message) return std::unexpected(annotate(Request::kApiKey, message.error()));
        reply->message = *message;
        return reply;
    }
    template <class Request>
    Result<ReplyTo<Request>> call(const Request& request, MonoTime deadline) {
        MILENA_ASSIGN(const Sent sent, send(request, deadline));
        return receive<Request>(sent, deadline);
    }

  private:
    Connection(Endpoint endpoint, std::string client_id, Socket socket, const Clock& clock);

    // The newest stable version of ours.
    static int newest(ApiKey api) { return api_row(api).max_version; }

    template <class Request>
    Result<Sent> send_as(const Request& request, ApiVersion version, MonoTime deadline) {
        const CorrelationId id(next_correlation_id_++);
        auto frame = encode_request(id, version, client_id_, request);
        if (!frame) return std::unexpected(annotate(Request::kApiKey, frame.error()));
        if (auto status = socket_.write_all(frame->bytes, deadline, clock_); !status) {
            return std::unexpected(annotate(Request::kApiKey, status.error()));
        }
        return Sent{id, version};
    }
    // Fills `frame`; where the body begins in it.
    Result<std::size_t> receive_frame(ApiKey api, const Sent& sent,
                                      std::vector<std::uint8_t>& frame, MonoTime deadline);
    Status negotiate(MonoTime deadline);
    // The error with the API and the broker in front of its words.
    Error annotate(ApiKey api, const Error& error) const;

    Endpoint endpoint_;
    std::string client_id_;
    Socket socket_;
    const Clock& clock_;
    std::int32_t next_correlation_id_ = 1;
    VersionRanges ranges_;
};

}  // namespace milena::client
