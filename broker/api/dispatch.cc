#include "broker/api/dispatch.h"

#include "broker/api/forwarder.h"
#include "broker/api/services.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <array>
#include <span>

namespace milena::api {

#define H(stem, function) void serve_##function(Services& services, Call call);
#include "broker/api/controller_handlers.def"
#include "broker/api/handlers.def"
#undef H
void answer_unsupported_api_versions(Call call);

namespace {

using Handler = void (*)(Services&, Call);

struct Row {
    ApiKey key;
    Handler handler;
};

#define H(stem, function) Row{ApiKey::stem, &serve_##function},
constexpr std::array kBrokerRows{
#include "broker/api/handlers.def"
};
constexpr std::array kControllerRows{
#include "broker/api/controller_handlers.def"
};
#undef H

// By key, for one load per request.
class HandlerTable {
  public:
    explicit HandlerTable(std::span<const Row> rows) {
        for (const auto& row : rows) {
            const auto key = static_cast<std::size_t>(row.key);
            if (handlers_.size() <= key) handlers_.resize(key + 1, nullptr);
            handlers_[key] = row.handler;
            keys_.push_back(row.key);
        }
        std::sort(keys_.begin(), keys_.end());
    }
    // nullptr: not handled.
    Handler find(ApiKey key) const {
        const auto at = static_cast<std::size_t>(static_cast<std::int16_t>(key));
        return at < handlers_.size() ? handlers_[at] : nullptr;
    }
    const std::vector<ApiKey>& keys() const { return keys_; }

  private:
    std::vector<Handler> handlers_;
    std::vector<ApiKey> keys_;
};

const HandlerTable& handlers(Plane plane) {
    static const HandlerTable broker(kBrokerRows);
    static const HandlerTable controller(kControllerRows);
    return plane == Plane::broker ? broker : controller;
}

constexpr Millis kSoon{2};

enum class When : std::uint8_t { now, settled };
void handle(Services& services, Connection& connection, MutableBytes frame, net::ReplyTicket ticket,
            When when);

// A request that names leaders, kept until that is worth while. The connection may be gone by then:
// what is known of it is copied.
struct Kept {
    Services& services;
    Connection from;
    std::vector<std::uint8_t> frame;
    net::ReplyTicket ticket;
};

void handle_when_settled(std::unique_ptr<Kept> kept) {
    if (!kept->services.forwarder->is_settling()) {
        return handle(kept->services, kept->from, kept->frame, std::move(kept->ticket), When::now);
    }
    auto& executor = kept->from.executor();
    executor.call_at(executor.now() + kSoon,
                     [kept = std::move(kept)]() mutable { handle_when_settled(std::move(kept)); });
}

// A client asks for the new leader the moment it loses the old one, as soon as this node does.
void handle_later(Services& services, const Connection& connection, ByteView frame,
                  net::ReplyTicket ticket) {
    auto kept = std::make_unique<Kept>(
        Kept{services, connection, {frame.begin(), frame.end()}, std::move(ticket)});
    auto& forwarder = *services.forwarder;
    forwarder.catch_up([kept = std::move(kept)]() mutable {
        auto& executor = kept->from.executor();
        executor.post([kept = std::move(kept)]() mutable { handle_when_settled(std::move(kept)); });
    });
}

}  // namespace

const std::vector<ApiKey>& handled_apis(Plane plane) {
    return handlers(plane).keys();
}

bool is_handled(ApiKey key, Plane plane) {
    return handlers(plane).find(key) != nullptr;
}

std::unique_ptr<net::ConnectionState> Dispatch::on_open(const net::Peer& peer,
                                                        net::Executor& executor) {
    return std::make_unique<Connection>(peer, executor, services_.scratch_of(executor),
                                        ++connections_, plane_);
}

void Dispatch::on_close(net::ConnectionState&) {}

void Dispatch::on_frame(net::ConnectionState& state, MutableBytes frame, net::ReplyTicket ticket) {
    handle_frame(services_, static_cast<Connection&>(state), frame, std::move(ticket));
}

void handle_frame(Services& services, Connection& connection, MutableBytes frame,
                  net::ReplyTicket ticket) {
    handle(services, connection, frame, std::move(ticket), When::settled);
}

namespace {

void handle(Services& services, Connection& connection, MutableBytes frame, net::ReplyTicket ticket,
            When when) {
    auto& arena = connection.scratch().arena;
    arena.reset();
    const auto head = decode_request_header(frame);
    if (!head) {
        ticket.close(head.error().detail);
        return;
    }
    const auto& row = *head->api;
    Call call{row.key,
              head->version,
              head->correlation_id,
              head->client_id.value_or_empty(),
              frame.subspan(head->size),
              connection,
              arena,
              connection.executor().now(),
              std::move(ticket)};
    const auto handler = handlers(connection.plane()).find(call.key);
    if (handler == nullptr) {
        call.ticket.close("API key is not handled");
        return;
    }
    const auto version = call.version.value();
    if (version < row.min_version || version > row.max_version) {
        if (call.key == ApiKey::ApiVersions) {
            answer_unsupported_api_versions(std::move(call));
        } else {
            call.ticket.close("API version is not supported");
        }
        return;
    }
    const bool is_clustered = connection.plane() == Plane::broker && services.forwarder != nullptr;
    if (is_clustered && when == When::settled && services.forwarder->names_leaders(call.key)) {
        return handle_later(services, connection, frame, std::move(call.ticket));
    }
    connection.scratch().counters.count_request(static_cast<std::size_t>(call.key));
    if (is_clustered && services.forwarder->must_forward(call.key)) {
        services.forwarder->forward(frame, connection.peer(), std::move(call.ticket));
        return;
    }
    handler(services, std::move(call));
}

}  // namespace

}  // namespace milena::api
