// A byte stream to a peer: TCP now, TLS and outgoing peers later. Never blocks.
#pragma once

#include "protocol/base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <sys/uio.h>

namespace milena::net {

class Reactor;

// Called on the transport's reactor, the first two once per wait. After an error, the next read or
// write reports it.
class TransportEvents {
  public:
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;
    // The last event after close() or reset(): the transport may be destroyed from the next turn
    // on.
    virtual void on_closed() = 0;

  protected:
    ~TransportEvents() = default;
};

// Results of read, write and send_file: bytes moved, or one of these, or another -errno.
inline constexpr std::int64_t kWouldBlock = -11;  // -EAGAIN

enum class Continues : bool { no, yes };

class Transport {
  public:
    virtual ~Transport() = default;

    // Fills `into` piece by piece; 0 at the end of the stream.
    virtual std::int64_t read(std::span<const iovec> into) = 0;
    // `continues`: more of the same message follows at once, so a packet need not leave yet.
    virtual std::int64_t write(std::span<const iovec> from, Continues continues) = 0;
    // Sends from a file without copying through this process; 0 when the file ends at `position`.
    // -ENOTSUP: this transport cannot, read and write instead.
    virtual std::int64_t send_file(int file, std::uint64_t position, std::uint64_t length) = 0;

    // Calls the owner's on_readable (on_writable) once, when there is something to read (room to
    // write) or the stream has failed. One wait of each kind at a time.
    virtual void wait_readable() = 0;
    virtual void wait_writable() = 0;

    // Lets what was written leave, ends the stream, and throws away what the peer has said since (a
    // close with unread bytes would reset the connection and could take the last reply with it).
    // No more reads, writes and waits; only on_closed comes, not from within this call.
    virtual void close() = 0;
};

// Takes over `socket`, a connected, non-blocking TCP socket. `events` outlives the transport. On
// the reactor's thread.
std::unique_ptr<Transport> make_tcp_transport(Reactor& reactor, int socket,
                                              TransportEvents& events);

}  // namespace milena::net
