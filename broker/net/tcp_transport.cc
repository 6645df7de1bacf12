#include "broker/net/reactor.h"
#include "broker/net/transport.h"
#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <sys/sendfile.h>
#include <sys/socket.h>

namespace milena::net {
namespace asio = boost::asio;
namespace {

static_assert(kWouldBlock == -EAGAIN);

// sendfile(2) moves no more than this in one call.
constexpr std::uint64_t kSendFileMax = 0x7ffff000;
// What a closing connection throws away of the peer's last words.
constexpr int kDiscardRounds = 16;

std::int64_t result_of(std::int64_t moved) {
    return moved >= 0 ? moved : -errno;
}

// Asio says when the socket is ready; reading and writing are plain calls, so that one buffer of
// the reactor serves every connection. Asio may have queued both waits' handlers when the first of
// them closes the transport: `pending_` counts them, and on_closed waits for the last.
class TcpTransport final : public Transport {
  public:
    TcpTransport(Reactor& reactor, int socket, TransportEvents& events)
        : reactor_(reactor), events_(events), socket_(reactor.io_context()), handle_(socket) {
        boost::system::error_code error;
        // The protocol is a label here: the descriptor is open already. This fails only when the
        // kernel cannot watch one more (out of memory or watches); the first use then says so.
        socket_.assign(asio::ip::tcp::v4(), socket, error);
        if (error) failed_ = -error.value();
    }

    ~TcpTransport() override { close_socket(); }

    std::int64_t read(std::span<const iovec> into) override {
        if (failed_ != 0) return failed_;
        for (;;) {
            const auto got = into.size() == 1
                                 ? ::recv(handle_, into[0].iov_base, into[0].iov_len, 0)
                                 : ::readv(handle_, into.data(), static_cast<int>(into.size()));
            if (got < 0 && errno == EINTR) continue;
            return result_of(got);
        }
    }

    std::int64_t write(std::span<const iovec> from, Continues continues) override {
        if (failed_ != 0) return failed_;
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(from.data());
        message.msg_iovlen = from.size();
        const int flags = MSG_NOSIGNAL | (continues == Continues::yes ? MSG_MORE : 0);
        for (;;) {
            const auto sent = from.size() == 1
                                  ? ::send(handle_, from[0].iov_base, from[0].iov_len, flags)
                                  : ::sendmsg(handle_, &message, flags);
            if (sent < 0 && errno == EINTR) continue;
            return result_of(sent);
        }
    }

    std::int64_t send_file(int file, std::uint64_t position, std::uint64_t length) override {
        if (failed_ != 0) return failed_;
        for (;;) {
            auto at = static_cast<off_t>(position);
            const auto sent = ::sendfile(handle_, file, &at, std::min(length, kSendFileMax));
            if (sent < 0 && errno == EINTR) continue;
            return result_of(sent);
        }
    }

    void wait_readable() override {
        wait(asio::socket_base::wait_read, [](TransportEvents& events) { events.on_readable(); });
    }
    void wait_writable() override {
        wait(asio::socket_base::wait_write, [](TransportEvents& events) { events.on_writable(); });
    }

    void close() override {
        MILENA_ASSERT(!closed_);
        closed_ = true;
        if (failed_ == 0 && ::shutdown(handle_, SHUT_WR) == 0) discard_input();
        close_socket();
        ++pending_;
        asio::post(socket_.get_executor(), [this] { end_wait(); });
    }

  private:
    template <class Event>
    void wait(asio::socket_base::wait_type type, Event event) {
        ++pending_;
        socket_.async_wait(type, [this, event](const boost::system::error_code&) {
            const Reactor::Turn turn(reactor_);
            if (!closed_) {
                --pending_;
                event(events_);
            } else {
                end_wait();
            }
        });
    }

    void end_wait() {
        if (--pending_ == 0) events_.on_closed();
    }

    void discard_input() {
        std::array<char, 16 * 1024> discarded;
        for (int i = 0; i < kDiscardRounds; ++i) {
            if (::recv(handle_, discarded.data(), discarded.size(), 0) <= 0) return;
        }
    }

    void close_socket() {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    Reactor& reactor_;
    TransportEvents& events_;
    asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type> socket_;
    const int handle_;
    std::int64_t failed_ = 0;
    int pending_ = 0;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(Reactor& reactor, int socket,
                                              TransportEvents& events) {
    return std::make_unique<TcpTransport>(reactor, socket, events);
}

}  // namespace milena::net
