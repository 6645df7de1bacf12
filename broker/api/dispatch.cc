#include "broker/api/dispatch.h"

#include "broker/api/services.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <array>

namespace milena::api {

#define H(stem, function) void serve_##function(Services& services, Call call);
#include "broker/api/handlers.def"
#undef H
void answer_unsupported_api_versions(Call call);

namespace {

using Handler = void (*)(Services&, Call);

struct Row {
    ApiKey key;
    Handler handler;
};

constexpr std::array kRows{
#define H(stem, function) Row{ApiKey::stem, &serve_##function},
#include "broker/api/handlers.def"
#undef H
};

// By key, for one load per request.
class HandlerTable {
  public:
    HandlerTable() {
        for (const auto& row : kRows) {
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

const HandlerTable& handlers() {
    static const HandlerTable table;
    return table;
}

}  // namespace

const std::vector<ApiKey>& handled_apis() {
    return handlers().keys();
}

bool is_handled(ApiKey key) {
    return handlers().find(key) != nullptr;
}

std::unique_ptr<net::ConnectionState> Dispatch::on_open(const net::Peer& peer,
                                                        net::Executor& executor) {
    return std::make_unique<Connection>(peer, executor, services_.scratch_of(executor),
                                        ++connections_);
}

void Dispatch::on_close(net::ConnectionState&) {}

void Dispatch::on_frame(net::ConnectionState& state, MutableBytes frame, net::ReplyTicket ticket) {
    auto& connection = static_cast<Connection&>(state);
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
    const auto handler = handlers().find(call.key);
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
    connection.scratch().counters.count_request(static_cast<std::size_t>(call.key));
    handler(services_, std::move(call));
}

}  // namespace milena::api
