#include "tests/unit/broker/net/testing.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace milena::net::testing {

Body body_of(std::string_view text) {
    return {text.begin(), text.end()};
}

std::string text_of(ByteView bytes) {
    return std::string(as_text(bytes));
}

Body framed(ByteView body) {
    Body frame(4 + body.size());
    store_be(frame.data(), static_cast<std::int32_t>(body.size()));
    std::ranges::copy(body, frame.begin() + 4);
    return frame;
}

Body framed(std::string_view body) {
    return framed(as_bytes(body));
}

OutFrame reply_with(std::string_view body) {
    return {framed(body), {}};
}

TestSink::TestSink()
    : handler([](MutableBytes frame, ReplyTicket ticket) {
          ticket.send(reply_with(as_text(frame)));
      }) {}

std::unique_ptr<ConnectionState> TestSink::on_open(const Peer& peer, Executor& executor) {
    MILENA_ASSERT(executor.is_current());
    const std::lock_guard lock(mutex_);
    last_peer_ = peer;
    ++opened;
    return std::make_unique<ConnectionState>();
}

void TestSink::on_frame(ConnectionState&, MutableBytes frame, ReplyTicket ticket) {
    ++frames;
    handler(frame, std::move(ticket));
}

void TestSink::on_close(ConnectionState&) {
    ++closed;
}

Peer TestSink::last_peer() const {
    const std::lock_guard lock(mutex_);
    return last_peer_;
}

TestServer::TestServer(NetSettings settings, TestSink::Handler handler, std::size_t reactors)
    : reactors_(clock_, reactors) {
    if (handler) sink_.handler = std::move(handler);
    reactors_.start();
    server_ = std::make_unique<SocketServer>(reactors_, sink_, std::move(settings));
    const auto port = server_->listen({"PLAINTEXT", "127.0.0.1", 0});
    MILENA_ASSERT(port.has_value());
    port_ = *port;
}

TestServer::~TestServer() {
    server_->stop(Millis{0});
    MILENA_ASSERT(reactors_.stop(Millis{60'000}).has_value());
}

TestClient::TestClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    MILENA_ASSERT(socket_.get() >= 0);
    const int on = 1;
    ::setsockopt(handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
        ::setsockopt(handle(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const auto connected =
        ::connect(handle(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    MILENA_ASSERT(connected == 0);
    const timeval patience{std::chrono::seconds(kPatience).count(), 0};
    ::setsockopt(handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

bool TestClient::send(ByteView bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

std::size_t TestClient::send_some(ByteView bytes) {
    const auto sent = ::send(handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

Body TestClient::read_bytes(std::size_t most) {
    Body bytes(most);
    std::size_t have = 0;
    while (have < most) {
        const auto got = ::recv(handle(), bytes.data() + have, most - have, 0);
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

std::optional<std::string> TestClient::read_frame() {
    const auto prefix = read_bytes(4);
    if (prefix.size() < 4) return std::nullopt;
    const auto length = load_be<std::uint32_t>(prefix.data());
    const auto body = read_bytes(length);
    if (body.size() < length) return std::nullopt;
    return text_of(body);
}

Ending TestClient::wait_for_end() {
    std::array<char, 4096> into;
    for (;;) {
        const auto got = ::recv(handle(), into.data(), into.size(), 0);
        if (got == 0) return Ending::kEndOfStream;
        if (got < 0) return errno == ECONNRESET ? Ending::kReset : Ending::kStillOpen;
    }
}

void TestClient::end_input() {
    ::shutdown(handle(), SHUT_WR);
}

void TestClient::reset() {
    const linger at_once{1, 0};
    ::setsockopt(handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_ = UniqueFd();
}

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t raise_file_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace milena::net::testing
