#include "broker/net/socket_server.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <latch>
#include <utility>

namespace milena::net {
namespace {

// Longer than any handler may take: every reactor has run the closing of its connections by then.
constexpr Millis kCloseDeadline{60'000};

}  // namespace

SocketServer::SocketServer(ReactorPool& reactors, FrameSink& sink, NetSettings settings)
    : shared_(sink, std::move(settings)) {
    for (std::size_t i = 0; i < reactors.size(); ++i) {
        hosts_.push_back(std::make_unique<ConnectionHost>(reactors[i], shared_));
    }
}

SocketServer::~SocketServer() {
    stop(Millis{0});
}

Result<std::uint16_t> SocketServer::listen(const ListenEndpoint& endpoint) {
    MILENA_ASSIGN(auto socket, open_listen_socket(endpoint, shared_.settings));
    const auto port = socket.port;
    auto& home = *hosts_[listeners_.size() % hosts_.size()];
    listeners_.push_back(
        std::make_shared<Listener>(home, hosts_, endpoint.name, std::move(socket)));
    home.reactor().post([listener = listeners_.back()] { listener->start(); });
    return port;
}

template <class Function>
void SocketServer::on_every_reactor(Function function) {
    std::latch done(static_cast<std::ptrdiff_t>(hosts_.size()));
    for (auto& host : hosts_) {
        MILENA_ASSERT(!host->reactor().is_current());
        host->reactor().post([&host = *host, &function, &done] {
            function(host);
            done.count_down();
        });
    }
    done.wait();
}

void SocketServer::stop(Millis drain) {
    if (!running()) {
        // Nothing was ever accepted, and nothing may be when the reactors start.
        for (auto& listener : listeners_) listener->stop();
        listeners_.clear();
        return;
    }
    on_every_reactor([this](ConnectionHost& host) {
        for (auto& listener : listeners_) {
            if (&listener->home() == &host) listener->stop();
        }
    });
    listeners_.clear();
    on_every_reactor([](ConnectionHost& host) { host.begin_drain(); });
    if (!shared_.alive.wait_none(drain)) {
        on_every_reactor([](ConnectionHost& host) { host.close_all(); });
        const bool all_gone = shared_.alive.wait_none(kCloseDeadline);
        MILENA_ASSERT(all_gone);
    }
    on_every_reactor([](ConnectionHost& host) { host.retire(); });
}

NetTotals SocketServer::totals() const {
    NetTotals totals;
    for (const auto& host : hosts_) totals.add(host->counters());
    return totals;
}

bool SocketServer::running() const {
    return std::ranges::all_of(hosts_, [](const auto& host) { return host->reactor().running(); });
}

}  // namespace milena::net
