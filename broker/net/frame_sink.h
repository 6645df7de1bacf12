// The border between the network and what answers requests: frames go up, reply tickets come down.
#pragma once

#include "broker/net/executor.h"
#include "protocol/base/bytes.h"
#include "protocol/base/time.h"
#include "protocol/wire/out_frame.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace milena::net {

// Who is at the other end; does not change while the connection lives.
struct Peer {
    std::string address;  // numeric, without port
    std::uint16_t port = 0;
    std::string listener;  // name of the listener it came in by, "PLAINTEXT"
    std::uint64_t id = 0;  // unique in this process
};

// Takes the replies of one connection. Replies leave in the order of their frames, whenever they
// are given. All functions may be called from any thread.
class ReplySink {
  public:
    virtual ~ReplySink() = default;
    // `sequence` counts the frames of the connection. An empty frame means: no reply to this one
    // (produce with acks=0).
    virtual void complete(std::uint64_t sequence, OutFrame frame) = 0;
    // Drops the connection after the replies to earlier frames have left; `reason` is for the log.
    virtual void close(std::uint64_t sequence, std::string_view reason) = 0;
    // Reads no further frames before `until` (a throttled client, KIP-219); replies still leave.
    virtual void mute_until(MonoTime until) = 0;
    virtual Executor& executor() = 0;
};

// The duty to answer one frame: exactly one of send, send_nothing and close. A ticket that dies
// unanswered (a bug) closes its connection, so that a client never waits for ever.
class ReplyTicket {
  public:
    ReplyTicket() = default;
    ReplyTicket(std::shared_ptr<ReplySink> sink, std::uint64_t sequence)
        : sink_(std::move(sink)), sequence_(sequence) {}
    ReplyTicket(ReplyTicket&&) noexcept = default;
    ReplyTicket& operator=(ReplyTicket&& other) noexcept {
        if (this != &other) {
            if (sink_) close("request dropped without an answer");
            sink_ = std::move(other.sink_);
            sequence_ = other.sequence_;
        }
        return *this;
    }
    ~ReplyTicket() {
        if (sink_) close("request dropped without an answer");
    }

    void send(OutFrame frame) {
        std::exchange(sink_, nullptr)->complete(sequence_, std::move(frame));
    }
    void send_nothing() { send(OutFrame{}); }
    void close(std::string_view reason) { std::exchange(sink_, nullptr)->close(sequence_, reason); }

    // Throttles the client: its next frames wait until then. Before the reply is given.
    void mute_until(MonoTime until) { sink_->mute_until(until); }

    bool pending() const { return sink_ != nullptr; }
    // The executor of the connection: parked replies are woken there.
    Executor& executor() const { return sink_->executor(); }

  private:
    std::shared_ptr<ReplySink> sink_;
    std::uint64_t sequence_ = 0;
};

// What the layer above keeps for a connection (principal, client software, ...).
class ConnectionState {
  public:
    virtual ~ConnectionState() = default;
};

// The layer above. Called on the connection's reactor.
class FrameSink {
  public:
    virtual ~FrameSink() = default;
    virtual std::unique_ptr<ConnectionState> on_open(const Peer& peer, Executor& executor) = 0;
    // One frame, without its length prefix, in the order of arrival. The bytes are valid, and may
    // be changed in place, only during the call: work that waits keeps copies of what it needs.
    virtual void on_frame(ConnectionState& state, MutableBytes frame, ReplyTicket ticket) = 0;
    virtual void on_close(ConnectionState& state) = 0;
};

}  // namespace milena::net
