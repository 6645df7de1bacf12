// One connection of the bench: sends prebuilt requests, many at once, and remembers when each was
// meant to leave. The client must cost little, because it shares the machine with the broker: a
// request is one buffer that is never copied; only its first bytes (with the correlation id) are
// the channel's own.
//
// Invariant: requests are answered in the order they were queued.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"
#include "tools/client/socket.h"

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace milena::bench {

// The bytes of a request up to and with its correlation id: length, API key, version, id.
inline constexpr std::size_t kHeadBytes = 12;
inline constexpr std::size_t kCorrelationAt = 8;

class Channel {
  public:
    explicit Channel(client::Socket socket) : socket_(std::move(socket)) {}

    client::Socket& socket() { return socket_; }

    // `frame` is a whole request and must outlive its sending. `intended` is when it should have
    // left: latency counts from there. `tag` comes back with the answer.
    void queue(ByteView frame, MonoTime intended, std::uint32_t tag);
    // Sends as much as the socket takes.
    Status flush();
    bool wants_to_write() const { return !outgoing_.empty(); }

    // Queued and not yet answered.
    std::size_t in_flight() const { return flights_.size(); }
    struct Flight {
        MonoTime intended;
        std::uint32_t tag = 0;
        std::int32_t correlation_id = 0;
        std::size_t bytes = 0;
    };
    const Flight& oldest() const { return flights_.front(); }
    // The oldest request is done; its answer must have carried `correlation_id`.
    Result<Flight> complete(std::int32_t correlation_id);
    // For requests without an answer: the ones that have left completely.
    std::size_t take_sent() { return std::exchange(sent_, 0); }

  private:
    struct Outgoing {
        std::array<std::uint8_t, kHeadBytes> head;
        ByteView frame;
        std::size_t sent = 0;
    };

    client::Socket socket_;
    std::deque<Outgoing> outgoing_;
    std::deque<Flight> flights_;
    std::size_t sent_ = 0;
    std::int32_t next_correlation_id_ = 1;
};

// Cuts what arrives into frames. One buffer, which grows to the largest frame.
class FrameBuffer {
  public:
    // Reads what there is; false when nothing is there now. Fails when the peer has gone.
    Result<bool> receive(client::Socket& socket);
    // The next whole frame without its length, valid until the next receive; empty when there is
    // none.
    ByteView next();

  private:
    std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(64 * 1024);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace milena::bench
