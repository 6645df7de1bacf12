// What every TCP socket of this node is given, whichever side opened it.
#pragma once

#include "broker/net/net_settings.h"

#include <cstdint>

namespace milena::net {

// kSystemBufferSize leaves a size to the kernel.
struct SocketBuffers {
    std::int32_t send_bytes = kSystemBufferSize;
    std::int32_t receive_bytes = kSystemBufferSize;
};

// Tuning only: a socket without it still works, so what fails is passed over.
void set_socket_option(int socket, int level, int option, int value);
// TCP_NODELAY, SO_KEEPALIVE and the sizes of the buffers.
void tune_socket(int socket, SocketBuffers buffers);

}  // namespace milena::net
