#include "broker/net/connector.h"
#include "broker/net/reactor.h"

#include <memory>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace milena::net {
namespace asio = boost::asio;
namespace {

using tcp = asio::ip::tcp;
using IoExecutor = asio::io_context::executor_type;

// One try to connect. Its handlers keep it alive; whichever of result and deadline comes first
// takes `opened_`.
class Attempt : public std::enable_shared_from_this<Attempt> {
  public:
    Attempt(Reactor& reactor, SocketBuffers buffers, RemoteAddress to, TransportEvents& events,
            Connector::Opened opened)
        : reactor_(reactor),
          buffers_(buffers),
          to_(std::move(to)),
          events_(events),
          opened_(std::move(opened)),
          resolver_(reactor.io_context()),
          socket_(reactor.io_context()) {}

    void start(Millis patience) {
        deadline_ = reactor_.call_at(reactor_.now() + patience, [self = shared_from_this()] {
            self->deadline_ = Executor::kNoTimer;
            self->give_up("no answer in time");
        });
        resolver_.async_resolve(to_.host, std::to_string(to_.port),
                                [self = shared_from_this()](const auto& error, auto addresses) {
                                    const Reactor::Turn turn(self->reactor_);
                                    self->resolved(error, std::move(addresses));
                                });
    }

  private:
    using Resolver = asio::ip::basic_resolver<tcp, IoExecutor>;
    using Socket = asio::basic_stream_socket<tcp, IoExecutor>;

    void resolved(const boost::system::error_code& error, Resolver::results_type addresses) {
        if (!opened_) return;
        if (error) return give_up(error.message());
        asio::async_connect(socket_, addresses,
                            [self = shared_from_this()](const auto& failed, const auto&) {
                                const Reactor::Turn turn(self->reactor_);
                                self->connected(failed);
                            });
    }

    void connected(const boost::system::error_code& error) {
        if (!opened_) return;
        if (error) return give_up(error.message());
        boost::system::error_code failed;
        socket_.non_blocking(true, failed);
        const int handle = socket_.release(failed);
        if (failed) return give_up(failed.message());
        tune_socket(handle, buffers_);
        if (deadline_ != Executor::kNoTimer) reactor_.cancel(deadline_);
        auto opened = std::exchange(opened_, nullptr);
        opened(make_tcp_transport(reactor_, handle, events_));
    }

    void give_up(const std::string& why) {
        if (!opened_) return;
        auto opened = std::exchange(opened_, nullptr);
        if (deadline_ != Executor::kNoTimer) reactor_.cancel(deadline_);
        resolver_.cancel();
        boost::system::error_code ignored;
        socket_.close(ignored);
        opened(fail(ErrorCode::NETWORK_EXCEPTION,
                    fmt::format("cannot connect to {}: {}", to_.text(), why)));
    }

    Reactor& reactor_;
    const SocketBuffers buffers_;
    const RemoteAddress to_;
    TransportEvents& events_;
    Connector::Opened opened_;
    Resolver resolver_;
    Socket socket_;
    Executor::TimerId deadline_ = Executor::kNoTimer;
};

class TcpConnector final : public Connector {
  public:
    TcpConnector(Reactor& reactor, SocketBuffers buffers) : reactor_(reactor), buffers_(buffers) {}

    void connect(const RemoteAddress& to, Millis patience, TransportEvents& events,
                 Opened opened) override {
        std::make_shared<Attempt>(reactor_, buffers_, to, events, std::move(opened))
            ->start(patience);
    }

  private:
    Reactor& reactor_;
    const SocketBuffers buffers_;
};

}  // namespace

std::string RemoteAddress::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::unique_ptr<Connector> make_tcp_connector(Reactor& reactor, SocketBuffers buffers) {
    return std::make_unique<TcpConnector>(reactor, buffers);
}

}  // namespace milena::net
