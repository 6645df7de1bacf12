#include "broker/net/listen_socket.h"

#include "broker/net/socket_options.h"

#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace milena::net {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

std::unexpected<Error> cannot_listen(const ListenEndpoint& endpoint, std::string_view why,
                                     std::string_view advice) {
    return fail(
        ErrorCode::NETWORK_EXCEPTION,
        fmt::format("listener {} cannot listen on {}:{}: {}; {}", endpoint.name,
                    endpoint.host.empty() ? "*" : endpoint.host, endpoint.port, why, advice));
}

std::string_view advice_for(int error) {
    switch (error) {
        case EADDRINUSE:
            return "stop the process that has the port, or choose another port in listeners";
        case EACCES:
            return "ports below 1024 need a privilege; choose a higher one in listeners";
        case EADDRNOTAVAIL:
            return "listeners must name an address of this machine; to announce another one use "
                   "advertised.listeners";
        default:
            return "check listeners";
    }
}

Result<AddressList> resolve(const ListenEndpoint& endpoint) {
    addrinfo wanted{};
    wanted.ai_family = endpoint.host.empty() ? AF_INET6 : AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const auto port = std::to_string(endpoint.port);
    const int error = ::getaddrinfo(endpoint.host.empty() ? nullptr : endpoint.host.c_str(),
                                    port.c_str(), &wanted, &found);
    if (error != 0) {
        return cannot_listen(endpoint, ::gai_strerror(error),
                             "the host in listeners must resolve on this machine");
    }
    return AddressList(found, &::freeaddrinfo);
}

const addrinfo& preferred(const addrinfo& first) {
    for (const auto* at = &first; at != nullptr; at = at->ai_next) {
        if (at->ai_family == AF_INET) return *at;
    }
    return first;
}

// Returns 0 or an errno.
int prepare(int socket, const addrinfo& address, const NetSettings& settings) {
    set_socket_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    tune_socket(socket, {settings.send_buffer_bytes, settings.receive_buffer_bytes});
    if (address.ai_family == AF_INET6) set_socket_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (::bind(socket, address.ai_addr, address.ai_addrlen) != 0) return errno;
    if (::listen(socket, settings.listen_backlog) != 0) return errno;
    return 0;
}

std::uint16_t port_of(int socket) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    return address.ss_family == AF_INET
               ? ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port)
               : ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

}  // namespace

Result<ListenSocket> open_listen_socket(const ListenEndpoint& endpoint,
                                        const NetSettings& settings) {
    MILENA_ASSIGN(const AddressList addresses, resolve(endpoint));
    const auto& address = preferred(*addresses);
    UniqueFd handle(
        ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!handle && errno == EAFNOSUPPORT && endpoint.host.empty()) {
        // A machine without IPv6: every interface means 0.0.0.0 there.
        return open_listen_socket({endpoint.name, "0.0.0.0", endpoint.port}, settings);
    }
    const int error = handle ? prepare(handle.get(), address, settings) : errno;
    if (error != 0) {
        return cannot_listen(endpoint, std::system_category().message(error), advice_for(error));
    }
    const auto port = port_of(handle.get());
    return ListenSocket{std::move(handle), port};
}

}  // namespace milena::net
