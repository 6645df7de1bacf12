// One connection: bytes in, frames up, replies down in order.
//
// Invariants:
// - lives on its host's reactor; only the ReplySink functions may be called elsewhere, and post;
// - frames go up in order of arrival, each with the next sequence number;
// - a frame goes up only while `may_start()`: what the peer can make us hold is bounded;
// - replies leave in sequence order; the end of input (end of stream, a refused frame, close(),
//   drain) is a slot of its own in that order, and nothing goes up after it;
// - partial_ is empty or holds bytes that could not go up yet: an unfinished frame, or frames that
//   wait for the window;
// - self_ keeps it alive from open() until the transport's last event; tickets keep it longer, as
//   an empty shell that drops replies.
#pragma once

#include "broker/net/connection_host.h"
#include "broker/net/frame_sink.h"
#include "broker/net/net_counters.h"
#include "broker/net/reactor.h"
#include "broker/net/receive_buffer.h"
#include "broker/net/reply_queue.h"
#include "broker/net/reply_sender.h"
#include "broker/net/transport.h"
#include "protocol/base/bytes.h"
#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace milena::net {

class Connection final : public ReplySink,
                         public std::enable_shared_from_this<Connection>,
                         private TransportEvents,
                         private TurnEnd {
  public:
    Connection(ConnectionHost& host, Peer peer);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() override;

    // Begins. `self` is this.
    void open(std::shared_ptr<Connection> self, int socket);

    // ReplySink
    void complete(std::uint64_t sequence, OutFrame frame) override;
    void close(std::uint64_t sequence, std::string_view reason) override;
    void mute_until(MonoTime until) override;
    Executor& executor() override { return *reactor_; }

    // For the host.
    void check_deadlines(MonoTime now);
    // Closes when the requests in progress are answered.
    void drain();
    // Ends now; replies that have not left are lost.
    void shut(CloseReason reason, int error = 0);
    std::size_t place() const { return place_; }
    void set_place(std::size_t place) { place_ = place; }

  private:
    // TransportEvents, TurnEnd
    void on_readable() override;
    void on_writable() override;
    void on_closed() override;
    void on_turn_end() override;

    // connection_receive.cc
    void receive_large();
    void receive_small();
    // False when there is nothing to handle: the stream would block, has ended or failed.
    bool received(std::int64_t result);
    void take_in(MutableBytes data, std::size_t held);
    std::size_t hand_up(MutableBytes data);
    void hand_up_stash();
    bool check_length(std::int32_t length, ByteView first_four);
    void begin_progress();
    bool has_complete_frame() const;

    void end_input(CloseReason reason, std::uint64_t sequence);
    bool may_start() const;
    bool may_read() const;
    void request_turn_end();
    void release();
    void send_replies();
    void resume_input();
    void unmute_at(MonoTime when);
    void account_memory();
    bool frame_stalls(MonoTime now);

    ConnectionHost& host_;  // not touched once released: tickets may outlive it
    const std::shared_ptr<Reactor> reactor_;
    std::shared_ptr<Connection> self_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<ConnectionState> state_;
    ReplyQueue replies_;
    ReplySender sender_;
    ReceiveBuffer partial_;
    std::size_t accounted_memory_ = 0;
    std::size_t place_ = 0;
    const Peer peer_;

    MonoTime last_activity_;
    // A frame in reception: since when it has made too little progress, and the present window.
    MonoTime no_progress_since_;
    MonoTime window_began_;
    std::size_t window_bytes_ = 0;
    // When the peer last took something of the replies that wait for it; zero when none does.
    MonoTime last_drain_;
    MonoTime muted_until_;
    Executor::TimerId unmute_timer_ = Executor::kNoTimer;

    bool input_open_ = true;                             // more frames may go up
    CloseReason close_reason_ = CloseReason::kStopping;  // once input_open_ is false
    bool closed_ = false;
    bool transport_done_ = false;
    bool any_byte_ = false;
    bool any_frame_ = false;
    bool read_waiting_ = false;
    bool write_waiting_ = false;
    bool handing_up_ = false;
    bool turn_end_requested_ = false;
    bool muted_ = false;  // reading stopped for a bound or a throttle
};

}  // namespace milena::net
