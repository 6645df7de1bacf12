#include "broker/net/connection.h"

#include "protocol/base/assert.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <string>
#include <utility>

namespace milena::net {
namespace {

// Replies that may wait to be sent, for each request that may be in progress: tiny replies pile up
// in number long before they do in bytes.
constexpr std::size_t kSlotsPerRequest = 4;
// Unfinished frames in less memory than this are not counted: the number of connections bounds
// them.
constexpr std::size_t kUncountedMemory = 64 * 1024;

}  // namespace

Connection::Connection(ConnectionHost& host, Peer peer)
    : host_(host),
      reactor_(host.reactor().shared_from_this()),
      partial_(host.blocks()),
      peer_(std::move(peer)) {}

Connection::~Connection() {
    MILENA_ASSERT(closed_ && transport_ == nullptr);
}

void Connection::open(std::shared_ptr<Connection> self, int socket) {
    self_ = std::move(self);
    transport_ = make_tcp_transport(*reactor_, socket, *this);
    last_activity_ = reactor_->now();
    host_.add(*this);
    state_ = host_.shared().sink.on_open(peer_, *reactor_);
    if (host_.draining()) drain();
    request_turn_end();
}

// --- ReplySink: from any thread; what is left of a closed connection drops everything.

void Connection::complete(std::uint64_t sequence, OutFrame frame) {
    if (!reactor_->is_current()) {
        reactor_->post([self = shared_from_this(), sequence, frame = std::move(frame)]() mutable {
            self->complete(sequence, std::move(frame));
        });
        return;
    }
    if (closed_) return;
    replies_.complete(sequence, std::move(frame));
    if (!handing_up_) request_turn_end();
}

void Connection::close(std::uint64_t sequence, std::string_view reason) {
    if (!reactor_->is_current()) {
        reactor_->post([self = shared_from_this(), sequence, text = std::string(reason)] {
            self->close(sequence, text);
        });
        return;
    }
    if (closed_) return;
    log_debug("connection_refused_request",
              {{"peer", peer_.address}, {"listener", peer_.listener}, {"reason", reason}});
    end_input(CloseReason::kHandler, sequence);
}

void Connection::mute_until(MonoTime until) {
    if (!reactor_->is_current()) {
        reactor_->post([self = shared_from_this(), until] { self->mute_until(until); });
        return;
    }
    if (closed_) return;
    muted_until_ = std::max(muted_until_, until);
    if (!handing_up_) request_turn_end();
}

// --- For the host.

void Connection::drain() {
    if (input_open_) end_input(CloseReason::kStopping, replies_.open());
}

void Connection::shut(CloseReason reason, int error) {
    if (closed_) return;
    closed_ = true;
    input_open_ = false;
    host_.counters().closed[static_cast<std::size_t>(reason)].add(1);
    log_debug("connection_closed", {{"peer", peer_.address},
                                    {"listener", peer_.listener},
                                    {"reason", close_reason_name(reason)},
                                    {"errno", error}});
    if (unmute_timer_ != Executor::kNoTimer) reactor_->cancel(unmute_timer_);
    partial_.clear();
    account_memory();
    replies_ = {};
    transport_->close();
    host_.remove(*this);
    host_.shared().limits.release(peer_.address);
    host_.shared().sink.on_close(*std::exchange(state_, nullptr));
}

void Connection::check_deadlines(MonoTime now) {
    const auto& settings = host_.settings();
    if (write_waiting_) {
        if (now - last_drain_ >= settings.drain_deadline) shut(CloseReason::kDrainDeadline);
        return;
    }
    if (!any_byte_) {
        const auto deadline = std::min(settings.first_byte_deadline, settings.idle_max);
        if (now - last_activity_ >= deadline) shut(CloseReason::kFirstByteDeadline);
        return;
    }
    if (!partial_.empty()) {
        if (frame_stalls(now)) {
            shut(CloseReason::kProgressDeadline);
        } else if (muted_ && may_start()) {
            request_turn_end();  // there may be memory again
        }
        return;
    }
    if (replies_.empty() && now >= muted_until_ && now - last_activity_ >= settings.idle_max) {
        shut(CloseReason::kIdle);
    }
}

// Progress is averaged over windows; a window without enough of it leaves no_progress_since_ where
// it was. While we do not want to read, the peer cannot be blamed.
bool Connection::frame_stalls(MonoTime now) {
    const auto& settings = host_.settings();
    if (!may_start()) {
        begin_progress();
        return false;
    }
    const auto window = now - window_began_;
    if (window >= settings.progress_window) {
        const auto enough = static_cast<double>(settings.progress_bytes_per_second) *
                            std::chrono::duration<double>(window).count();
        if (static_cast<double>(window_bytes_) >= enough) no_progress_since_ = now;
        window_began_ = now;
        window_bytes_ = 0;
    }
    return now - no_progress_since_ >= settings.progress_deadline;
}

// --- Events.

void Connection::on_writable() {
    write_waiting_ = false;
    send_replies();
    request_turn_end();
}

void Connection::on_closed() {
    transport_done_ = true;
    if (!turn_end_requested_) release();
}

// The gathering point: everything that happened in this turn is answered with one write, and only
// then the connection is read again.
void Connection::on_turn_end() {
    turn_end_requested_ = false;
    if (closed_) {
        if (transport_done_) release();
        return;
    }
    send_replies();
    if (input_open_) resume_input();
}

void Connection::release() {
    transport_.reset();
    host_.shared().alive.subtract();
    self_.reset();
}

void Connection::request_turn_end() {
    if (turn_end_requested_) return;
    turn_end_requested_ = true;
    reactor_->at_turn_end(*this);
}

// --- Flow.

// Frames stop going up; the connection ends when the replies before `sequence` have left.
void Connection::end_input(CloseReason reason, std::uint64_t sequence) {
    replies_.close_at(sequence);
    if (input_open_) close_reason_ = reason;
    input_open_ = false;
    partial_.clear();
    request_turn_end();
}

// May one more frame go up?
bool Connection::may_start() const {
    const auto& settings = host_.settings();
    return replies_.pending() < settings.pipelined_requests_max &&
           replies_.size() < kSlotsPerRequest * settings.pipelined_requests_max &&
           replies_.backlog() <= settings.reply_backlog_max && reactor_->now() >= muted_until_;
}

bool Connection::may_read() const {
    if (!input_open_ || !may_start()) return false;
    return partial_.capacity() < kUncountedMemory || !host_.shared().receive_memory.exhausted();
}

void Connection::send_replies() {
    if (closed_ || write_waiting_) return;
    const auto result = sender_.send(replies_, *transport_, host_.copy_space());
    if (result.bytes > 0) {
        host_.counters().bytes_out.add(result.bytes);
        last_activity_ = reactor_->now();
    }
    switch (result.outcome) {
        case SendOutcome::kDrained:
            last_drain_ = {};
            return;
        case SendOutcome::kBlocked:
            if (result.bytes > 0 || last_drain_ == MonoTime{}) last_drain_ = reactor_->now();
            write_waiting_ = true;
            transport_->wait_writable();
            return;
        case SendOutcome::kClose:
            shut(close_reason_);
            return;
        case SendOutcome::kFailed:
            shut(CloseReason::kPeerReset, result.error);
            return;
        case SendOutcome::kBroken:
            log_error("reply_broken", {{"peer", peer_.address},
                                       {"errno", result.error},
                                       {"why",
                                        "a range of a log file that a reply refers to could "
                                        "not be read; the connection is closed"}});
            shut(CloseReason::kReplyBroken, result.error);
            return;
    }
}

// Hands up what waited, then reads on, unless a bound forbids it; its lifting ends some turn again.
void Connection::resume_input() {
    if (read_waiting_) return;
    while (input_open_ && may_start() && has_complete_frame()) {
        hand_up_stash();
        send_replies();
    }
    if (!input_open_) return;
    if (may_read()) {
        muted_ = false;
        read_waiting_ = true;
        transport_->wait_readable();
        return;
    }
    if (!muted_) host_.counters().reads_muted.add(1);
    muted_ = true;
    if (muted_until_ > reactor_->now()) unmute_at(muted_until_);
}

void Connection::unmute_at(MonoTime when) {
    if (unmute_timer_ != Executor::kNoTimer) reactor_->cancel(unmute_timer_);
    unmute_timer_ = reactor_->call_at(when, [this] {
        unmute_timer_ = Executor::kNoTimer;
        request_turn_end();
    });
}

void Connection::account_memory() {
    const auto held = partial_.capacity() < kUncountedMemory ? 0 : partial_.capacity();
    if (held == accounted_memory_) return;
    host_.shared().receive_memory.change(accounted_memory_, held);
    accounted_memory_ = held;
}

}  // namespace milena::net
