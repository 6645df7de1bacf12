// TCP from the tools' side: blocking calls with deadlines over a non-blocking descriptor. The only
// file of tools/ that opens sockets; the bench takes its descriptors from here too.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"
#include "tools/client/endpoint.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace milena::client {

class Socket {
  public:
    Socket() = default;
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    Socket(const Socket&) = delete;
    ~Socket();

    // Resolves the host and tries its addresses in turn until `deadline`. NETWORK_EXCEPTION says
    // why none of them answered (refused, unreachable, unknown host); REQUEST_TIMED_OUT when time
    // ran out.
    static Result<Socket> connect(const Endpoint& endpoint, MonoTime deadline, const Clock& clock);

    bool is_open() const { return handle_ >= 0; }
    int handle() const { return handle_; }
    void close();

    // Writes all of `bytes`, or fails with NETWORK_EXCEPTION or REQUEST_TIMED_OUT.
    Status write_all(ByteView bytes, MonoTime deadline, const Clock& clock);
    // Fills all of `into`; a peer that closes before that is NETWORK_EXCEPTION.
    Status read_all(MutableBytes into, MonoTime deadline, const Clock& clock);

    // The three calls of the bench: they never wait. Bytes moved, 0 at the end of the stream, or
    // -errno (-EAGAIN when nothing can be moved now).
    std::int64_t send_some(std::span<const iovec> pieces);
    std::int64_t receive_some(MutableBytes into);
    // Throws away up to `count` received bytes without copying them.
    std::int64_t discard_some(std::size_t count);

  private:
    explicit Socket(int handle) : handle_(handle) {}

    int handle_ = -1;
};

// Waits until one of `handles` has something to read or `deadline` passes; gives the indexes of
// those that have. None when a signal interrupts the wait.
std::vector<std::size_t> wait_readable(std::span<const int> handles, MonoTime deadline,
                                       const Clock& clock);

// Whether somebody could listen on `port` of 127.0.0.1 now; NETWORK_EXCEPTION says why not.
Status check_port_free(std::uint16_t port);

// The kernel's words for `error`, "Connection refused".
std::string system_message(int error);

}  // namespace milena::client
