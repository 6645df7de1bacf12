// A connection that this node opened to another: requests out, their replies in the same order.
//
// Invariants:
// - lives on one executor, all calls there; whoever connects keeps it, then self_, to the last
//   event;
// - every request is answered exactly once: with its reply, or with why there will be none;
// - a reply belongs to the oldest request that waits, and carries its correlation id;
// - a request whose deadline passes ends the link: replies come in order, so that nothing behind it
//   could arrive either;
// - once it has ended, a link stays so; whoever wants another opens one;
// - memory for a reply follows the bytes received, never the length that the peer claims.
#pragma once

#include "broker/net/block.h"
#include "broker/net/connector.h"
#include "broker/net/executor.h"
#include "broker/net/receive_buffer.h"
#include "broker/net/transport.h"
#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace milena::net {

struct LinkSettings {
    Millis connect_patience{10'000};
    // A reply that claims to be longer ends the link.
    std::size_t reply_bytes_max = 100 * 1024 * 1024;
};

class Link final : private TransportEvents, public std::enable_shared_from_this<Link> {
  public:
    // A whole reply without its length prefix, valid during the call; or NETWORK_EXCEPTION (the
    // request may have been received, or not), REQUEST_TIMED_OUT.
    using Done = std::move_only_function<void(Result<ByteView>)>;
    // Why the link has ended. Comes once, after every request was answered; not after close().
    using Ended = std::move_only_function<void(const Error&)>;

    // Begins to connect; requests may be given at once. `connector` and `executor` outlive the
    // link.
    static std::shared_ptr<Link> open(Executor& executor, Connector& connector, RemoteAddress to,
                                      LinkSettings settings, Ended ended);
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link();

    // `request` is a whole frame with its length prefix. `done` never comes from within this call.
    void send(std::vector<std::uint8_t> request, MonoTime deadline, Done done);
    // Ends without telling; requests that wait are answered.
    void close();

    bool is_connected() const { return transport_ != nullptr && !ended_; }
    bool has_ended() const { return ended_; }
    std::size_t waiting() const { return requests_.size(); }
    const RemoteAddress& remote() const { return to_; }

  private:
    struct Request {
        std::vector<std::uint8_t> frame;  // empty once it has left
        std::int32_t correlation_id;
        MonoTime deadline;
        Done done;
    };

    Link(Executor& executor, RemoteAddress to, LinkSettings settings, Ended ended);

    void connected(Result<std::unique_ptr<Transport>> transport);
    void on_readable() override;
    void on_writable() override;
    void on_closed() override;

    void send_waiting();
    void drop_sent(std::size_t count);
    // False when there was nothing to read, or the link has ended.
    bool receive();
    // Replies that are complete at the beginning of `data`; the bytes of them.
    std::size_t take_replies(ByteView data);
    bool take_reply(ByteView reply);
    void watch_deadline();
    void end(Error why, bool tell);

    Executor& executor_;
    const RemoteAddress to_;
    const LinkSettings settings_;
    Ended tell_ended_;
    std::shared_ptr<Link> self_;
    std::unique_ptr<Transport> transport_;
    std::deque<Request> requests_;  // oldest first: sent ones, then those that wait to leave
    std::size_t sent_ = 0;          // how many of them have left wholly
    std::size_t sent_bytes_ = 0;    // of the next one
    BlockCache blocks_;
    ReceiveBuffer partial_{blocks_};
    std::unique_ptr<std::uint8_t[]> space_;
    Executor::TimerId timer_ = Executor::kNoTimer;
    MonoTime timer_at_ = MonoTime::max();
    bool read_waiting_ = false;
    bool write_waiting_ = false;
    bool ended_ = false;
};

}  // namespace milena::net
