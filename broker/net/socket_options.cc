#include "broker/net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace milena::net {

void set_socket_option(int socket, int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
}

void tune_socket(int socket, SocketBuffers buffers) {
    set_socket_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_socket_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    if (buffers.send_bytes != kSystemBufferSize) {
        set_socket_option(socket, SOL_SOCKET, SO_SNDBUF, buffers.send_bytes);
    }
    if (buffers.receive_bytes != kSystemBufferSize) {
        set_socket_option(socket, SOL_SOCKET, SO_RCVBUF, buffers.receive_bytes);
    }
}

}  // namespace milena::net
