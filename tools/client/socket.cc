#include "tools/client/socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace milena::client {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

int millis_until(MonoTime deadline, const Clock& clock) {
    const auto left = std::chrono::ceil<Millis>(deadline - clock.now()).count();
    if (left <= 0) return 0;
    return left > 1'000'000 ? 1'000'000 : static_cast<int>(left);
}

// Waits until `handle` is ready for `events`; false when the deadline passed.
bool wait_for(int handle, short events, MonoTime deadline, const Clock& clock) {
    while (true) {
        pollfd wait{handle, events, 0};
        const int ready = ::poll(&wait, 1, millis_until(deadline, clock));
        if (ready > 0) return true;
        if (ready == 0 && clock.now() >= deadline) return false;
        if (ready < 0 && errno != EINTR) return true;  // the call that follows tells what is wrong
    }
}

std::string advice(int error) {
    if (error == ECONNREFUSED) {
        return ": nothing listens there. Is the broker running, and on that port?";
    }
    return "";
}

Result<AddressList> resolve(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const auto port = std::to_string(endpoint.port);
    const int failure = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
    if (failure != 0) {
        return fail(
            ErrorCode::NETWORK_EXCEPTION,
            fmt::format("cannot find the host '{}': {}", endpoint.host, ::gai_strerror(failure)));
    }
    return AddressList(found, &::freeaddrinfo);
}

// 0, or the errno of the attempt; ETIMEDOUT when the deadline passed.
int connect_one(int handle, const addrinfo& address, MonoTime deadline, const Clock& clock) {
    if (::connect(handle, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!wait_for(handle, POLLOUT, deadline, clock)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(handle, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

auto connection_failure(std::string_view what, int error) {
    return fail(ErrorCode::NETWORK_EXCEPTION, fmt::format("{}: {}", what, system_message(error)));
}

}  // namespace

std::string system_message(int error) {
    std::array<char, 128> text{};
    return ::strerror_r(error, text.data(), text.size());
}

Socket::Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        handle_ = std::exchange(other.handle_, -1);
    }
    return *this;
}

Socket::~Socket() {
    close();
}

void Socket::close() {
    if (handle_ >= 0) ::close(std::exchange(handle_, -1));
}

Result<Socket> Socket::connect(const Endpoint& endpoint, MonoTime deadline, const Clock& clock) {
    MILENA_ASSIGN(const AddressList addresses, resolve(endpoint));
    int error = 0;
    for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
        Socket socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!socket.is_open()) {
            error = errno;
            continue;
        }
        const int yes = 1;
        ::setsockopt(socket.handle(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        error = connect_one(socket.handle(), *at, deadline, clock);
        if (error == 0) return socket;
    }
    const auto code =
        error == ETIMEDOUT ? ErrorCode::REQUEST_TIMED_OUT : ErrorCode::NETWORK_EXCEPTION;
    return fail(code, fmt::format("cannot connect to {}: {}{}", endpoint.to_string(),
                                  system_message(error), advice(error)));
}

Status Socket::write_all(ByteView bytes, MonoTime deadline, const Clock& clock) {
    while (!bytes.empty()) {
        const auto written = ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            if (!wait_for(handle_, POLLOUT, deadline, clock)) {
                return fail(ErrorCode::REQUEST_TIMED_OUT, "the broker does not take the request");
            }
        } else if (errno != EINTR) {
            return connection_failure("sending the request failed", errno);
        }
    }
    return {};
}

Status Socket::read_all(MutableBytes into, MonoTime deadline, const Clock& clock) {
    while (!into.empty()) {
        const auto got = ::recv(handle_, into.data(), into.size(), 0);
        if (got > 0) {
            into = into.subspan(static_cast<std::size_t>(got));
        } else if (got == 0) {
            return fail(ErrorCode::NETWORK_EXCEPTION, "the broker closed the connection");
        } else if (errno == EAGAIN) {
            if (!wait_for(handle_, POLLIN, deadline, clock)) {
                return fail(ErrorCode::REQUEST_TIMED_OUT, "the broker did not answer in time");
            }
        } else if (errno != EINTR) {
            return connection_failure("reading the answer failed", errno);
        }
    }
    return {};
}

std::int64_t Socket::send_some(std::span<const iovec> pieces) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    const auto sent = ::sendmsg(handle_, &message, MSG_NOSIGNAL);
    return sent >= 0 ? sent : -errno;
}

std::int64_t Socket::receive_some(MutableBytes into) {
    const auto got = ::recv(handle_, into.data(), into.size(), 0);
    return got >= 0 ? got : -errno;
}

std::int64_t Socket::discard_some(std::size_t count) {
    // The kernel does not touch a buffer then (tcp(7)). Not recv(): sanitizers believe it does.
    const auto got = ::syscall(SYS_recvfrom, handle_, nullptr, count, MSG_TRUNC, nullptr, nullptr);
    return got >= 0 ? got : -errno;
}

Status check_port_free(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return connection_failure("no socket can be made", errno);
    // Connections of the past do not count, as they will not for who listens then.
    const int yes = 1;
    ::setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const int bound = ::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::close(handle);
    if (bound == 0) return {};
    return fail(ErrorCode::NETWORK_EXCEPTION, system_message(error));
}

std::vector<std::size_t> wait_readable(std::span<const int> handles, MonoTime deadline,
                                       const Clock& clock) {
    std::vector<pollfd> waits;
    waits.reserve(handles.size());
    for (const int handle : handles) waits.push_back({handle, POLLIN, 0});
    std::vector<std::size_t> ready;
    if (::poll(waits.data(), waits.size(), millis_until(deadline, clock)) <= 0) return ready;
    for (std::size_t i = 0; i < waits.size(); ++i) {
        if (waits[i].revents != 0) ready.push_back(i);
    }
    return ready;
}

}  // namespace milena::client
