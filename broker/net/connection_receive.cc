// How a connection takes bytes in.
//
// One buffer of the reactor receives for every connection: frames that arrive whole are handed up
// straight from it. Only an unfinished rest is copied into memory of the connection, and only a
// frame of more than half the shared buffer is received into that memory directly.
#include "broker/net/connection.h"
#include "broker/net/foreign_protocol.h"
#include "protocol/base/assert.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace milena::net {
namespace {

constexpr std::size_t kPrefixBytes = 4;
// API key, version and correlation id begin every request header.
constexpr std::int32_t kFrameBytesMin = 8;
constexpr std::size_t kLargeFrame = ConnectionHost::kReceiveSpace / 2;
// What is read at a time from each connection while the memory for unfinished frames is used up.
constexpr std::size_t kReadWhenShort = 16 * 1024;
// Replies leave during a long burst, not only after it.
constexpr std::size_t kBurstBytes = 64 * 1024;

std::size_t frame_size(ByteView data) {
    return kPrefixBytes + static_cast<std::uint32_t>(load_be<std::int32_t>(data.data()));
}

iovec piece_of(MutableBytes bytes) {
    return {bytes.data(), bytes.size()};
}

}  // namespace

void Connection::on_readable() {
    read_waiting_ = false;
    // Muted since the wait began: the turn's end waits again when that is over.
    if (may_read()) {
        const bool large =
            partial_.size() >= kPrefixBytes && frame_size(partial_.bytes()) > kLargeFrame;
        if (large) {
            receive_large();
        } else {
            receive_small();
        }
        account_memory();
    }
    request_turn_end();
}

// The rest of a large frame goes where its beginning is; what follows it, or does not fit until
// that has grown, into the shared buffer.
void Connection::receive_large() {
    const auto total = frame_size(partial_.bytes());
    const auto room = partial_.room(total - partial_.size());
    const auto space = host_.receive_space();
    const std::array<iovec, 2> into = {piece_of(room), piece_of(space)};
    const auto result = transport_->read(into);
    if (!received(result)) return;
    const auto count = static_cast<std::size_t>(result);
    partial_.grew(std::min(count, room.size()));
    auto rest = space.first(count - std::min(count, room.size()));
    const auto missing = std::min(total - partial_.size(), rest.size());
    partial_.append(rest.first(missing));
    rest = rest.subspan(missing);
    if (partial_.size() < total) {
        window_bytes_ += count;
        return;
    }
    auto frame = std::move(partial_);
    const auto taken = hand_up(frame.bytes());
    if (!input_open_) return;
    if (taken == 0) {
        // The window closed meanwhile: keep everything, in order.
        partial_ = std::move(frame);
        partial_.append(rest);
        return;
    }
    frame.clear();
    take_in(rest, 0);
}

void Connection::receive_small() {
    auto space = host_.receive_space();
    const auto held = partial_.size();
    if (host_.shared().receive_memory.exhausted()) space = space.first(held + kReadWhenShort);
    const std::array<iovec, 1> into = {piece_of(space.subspan(held))};
    const auto result = transport_->read(into);
    if (!received(result)) return;
    const auto count = static_cast<std::size_t>(result);
    if (held >= kPrefixBytes && held + count < frame_size(partial_.bytes())) {
        partial_.append(space.subspan(held, count));
        window_bytes_ += count;
        return;
    }
    if (held > 0) {
        std::memcpy(space.data(), partial_.bytes().data(), held);
        partial_.clear();
    }
    take_in(space.first(held + count), held);
}

bool Connection::received(std::int64_t result) {
    if (result == kWouldBlock) return false;
    if (result < 0) {
        shut(CloseReason::kPeerReset, static_cast<int>(-result));
        return false;
    }
    if (result == 0) {
        end_input(partial_.empty() ? CloseReason::kPeerClosed : CloseReason::kPeerClosedInFrame,
                  replies_.open());
        return false;
    }
    any_byte_ = true;
    last_activity_ = reactor_->now();
    host_.counters().bytes_in.add(static_cast<std::uint64_t>(result));
    return true;
}

// Hands up what is complete and keeps the rest. The first `held` bytes came earlier.
void Connection::take_in(MutableBytes data, std::size_t held) {
    MILENA_ASSERT(partial_.empty());
    const auto taken = hand_up(data);
    if (!input_open_) return;
    partial_.append(data.subspan(taken));
    if (held > 0 && taken == 0) {
        window_bytes_ += data.size() - held;
    } else {
        begin_progress();
    }
}

// Hands up the complete frames at the beginning of `data` while that is allowed; bytes taken.
std::size_t Connection::hand_up(MutableBytes data) {
    handing_up_ = true;
    std::size_t at = 0;
    std::size_t sent_at = 0;
    while (input_open_ && data.size() - at >= kPrefixBytes) {
        const auto length = load_be<std::int32_t>(data.data() + at);
        if (!check_length(length, data.subspan(at, kPrefixBytes))) break;
        const auto size = static_cast<std::size_t>(length);
        if (data.size() - at - kPrefixBytes < size) break;
        if (at - sent_at >= kBurstBytes || !may_start()) {
            send_replies();
            sent_at = at;
            // The peer may have reset the connection, which ended it just now.
            if (!input_open_ || !may_start()) break;
        }
        const auto sequence = replies_.open();
        host_.counters().requests.add(1);
        any_frame_ = true;
        host_.shared().sink.on_frame(*state_, data.subspan(at + kPrefixBytes, size),
                                     ReplyTicket(self_, sequence));
        at += kPrefixBytes + size;
    }
    handing_up_ = false;
    return at;
}

// Frames that waited for the window.
void Connection::hand_up_stash() {
    auto stash = std::move(partial_);
    const auto taken = hand_up(stash.bytes());
    if (!input_open_) return;
    stash.drop(taken);
    stash.shrink();
    partial_ = std::move(stash);
    begin_progress();
    account_memory();
}

bool Connection::check_length(std::int32_t length, ByteView first_four) {
    const auto most = host_.settings().request_bytes_max;
    const auto hint = any_frame_ ? std::string_view{} : foreign_protocol_hint(first_four);
    if (length >= kFrameBytesMin && static_cast<std::uint32_t>(length) <= most && hint.empty()) {
        return true;
    }
    const auto suppressed =
        host_.log_limiter().admit("frame_refused", peer_.address, reactor_->now());
    if (suppressed) {
        log_warn("frame_refused",
                 {{"peer", peer_.address},
                  {"listener", peer_.listener},
                  {"length", length},
                  {"socket.request.max.bytes", most},
                  {"hint", hint.empty() ? "not a Kafka frame, or a larger one than "
                                          "socket.request.max.bytes allows"
                                        : hint},
                  {"suppressed", *suppressed}});
    }
    end_input(CloseReason::kFrameLength, replies_.open());
    return false;
}

// The time of a frame, or of what is to be its beginning, starts now.
void Connection::begin_progress() {
    no_progress_since_ = window_began_ = reactor_->now();
    window_bytes_ = 0;
}

bool Connection::has_complete_frame() const {
    if (partial_.size() < kPrefixBytes) return false;
    const ByteView data = partial_.bytes();
    const auto length = load_be<std::int32_t>(data.data());
    // A length that will be refused counts: it ends the connection.
    return length < kFrameBytesMin ||
           static_cast<std::uint32_t>(length) > host_.settings().request_bytes_max ||
           data.size() - kPrefixBytes >= static_cast<std::size_t>(length);
}

}  // namespace milena::net
