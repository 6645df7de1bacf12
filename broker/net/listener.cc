#include "broker/net/listener.h"

#include "protocol/base/logger.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

namespace milena::net {
namespace asio = boost::asio;
namespace {

// Connections taken before others on this reactor have their turn.
constexpr int kAcceptsPerTurn = 64;
// How long to wait for descriptors or memory.
constexpr Millis kPause{100};

struct Address {
    std::string text;
    std::uint16_t port = 0;
};

Address address_of(const sockaddr_storage& from) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (from.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        return {text.data(), ntohs(v4.sin_port)};
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        // An IPv4 peer of a socket for both: one address, one name.
        ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return {text.data(), ntohs(v6.sin6_port)};
}

// An admitted socket on its way to its reactor; gives everything back when it does not arrive.
class Admitted {
  public:
    Admitted(ConnectionHost& host, UniqueFd socket, Peer peer)
        : host_(&host), socket_(std::move(socket)), peer_(std::move(peer)) {
        host_->expect_connection();
        host_->shared().alive.add();
    }
    Admitted(Admitted&& other) noexcept
        : host_(std::exchange(other.host_, nullptr)),
          socket_(std::move(other.socket_)),
          peer_(std::move(other.peer_)) {}
    Admitted& operator=(Admitted&&) = delete;
    ~Admitted() {
        if (host_ == nullptr) return;
        host_->shared().limits.release(peer_.address);
        host_->shared().alive.subtract();
    }

    void arrive() { std::exchange(host_, nullptr)->adopt(socket_.release(), std::move(peer_)); }

  private:
    ConnectionHost* host_;
    UniqueFd socket_;
    Peer peer_;
};

}  // namespace

struct Listener::Acceptor {
    explicit Acceptor(Reactor& reactor) : socket(reactor.io_context()) {}
    asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> socket;
};

Listener::Listener(ConnectionHost& home, std::span<const std::unique_ptr<ConnectionHost>> hosts,
                   std::string name, ListenSocket socket)
    : home_(home), hosts_(hosts), name_(std::move(name)), listening_(std::move(socket.handle)) {}

Listener::~Listener() = default;

void Listener::start() {
    if (stopped_) return;
    acceptor_ = std::make_unique<Acceptor>(home_.reactor());
    boost::system::error_code error;
    acceptor_->socket.assign(asio::ip::tcp::v4(), listening_.get(), error);
    if (error) {
        log_error("listener_failed", {{"listener", name_}, {"why", error.message()}});
        return;
    }
    listening_.release();
    wait();
}

void Listener::stop() {
    stopped_ = true;
    acceptor_.reset();
}

void Listener::wait() {
    acceptor_->socket.async_wait(
        asio::socket_base::wait_read,
        [self = shared_from_this()](const boost::system::error_code& error) {
            if (error || self->stopped_) return;
            const Reactor::Turn turn(self->home_.reactor());
            self->accept_some();
        });
}

void Listener::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        switch (accept_one()) {
            case Next::kMore:
                break;
            case Next::kWait:
                wait();
                return;
            case Next::kPaused:
                return;
        }
    }
    wait();
}

void Listener::accept_again() {
    if (!stopped_) accept_some();
}

Listener::Next Listener::accept_one() {
    auto& shared = home_.shared();
    auto when_room = [self = shared_from_this()] { self->accept_again(); };
    if (!shared.limits.has_room(home_.reactor(), std::move(when_room))) {
        log_limited("max_connections_reached", name_,
                    "new connections wait until one closes; raise max.connections or close idle "
                    "clients");
        return Next::kPaused;
    }
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    UniqueFd socket(::accept4(acceptor_->socket.native_handle(), reinterpret_cast<sockaddr*>(&from),
                              &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return on_accept_error(errno);
    auto address = address_of(from);
    if (!shared.limits.admit(address.text)) {
        home_.counters().closed[static_cast<std::size_t>(CloseReason::kAddressLimit)].add(1);
        log_limited("connection_refused", address.text,
                    "its address has max.connections.per.ip connections already");
        return Next::kMore;
    }
    hand_over(std::move(socket), std::move(address.text), address.port);
    return Next::kMore;
}

Listener::Next Listener::on_accept_error(int error) {
    switch (error) {
        case EAGAIN:
            return Next::kWait;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            break;
        default:
            // The connection died before it was accepted; the next one may be well.
            home_.counters().accept_errors.add(1);
            return Next::kMore;
    }
    home_.counters().accept_errors.add(1);
    log_limited("accept_failed", name_,
                std::system_category().message(error) +
                    "; new connections wait: raise the limit of open files (ulimit -n, "
                    "LimitNOFILE) or lower max.connections");
    auto& reactor = home_.reactor();
    reactor.call_at(reactor.now() + kPause, [self = shared_from_this()] { self->accept_again(); });
    return Next::kPaused;
}

void Listener::log_limited(std::string_view event, std::string_view subject, std::string_view why) {
    const auto suppressed = home_.log_limiter().admit(event, subject, home_.reactor().now());
    if (!suppressed) return;
    log_warn(event,
             {{"listener", name_}, {"peer", subject}, {"why", why}, {"suppressed", *suppressed}});
}

void Listener::hand_over(UniqueFd socket, std::string address, std::uint16_t port) {
    auto& host = **std::ranges::min_element(
        hosts_, {}, [](const std::unique_ptr<ConnectionHost>& each) { return each->load(); });
    const auto id = host.shared().next_connection_id.fetch_add(1, std::memory_order_relaxed);
    host.reactor().post([admitted = Admitted(host, std::move(socket),
                                             Peer{std::move(address), port, name_, id})]() mutable {
        admitted.arrive();
    });
}

}  // namespace milena::net
