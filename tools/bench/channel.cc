#include "tools/bench/channel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/uio.h>

namespace milena::bench {
namespace {

Error broken(std::int64_t result) {
    return {ErrorCode::NETWORK_EXCEPTION,
            result == 0
                ? "the broker closed the connection"
                : "the connection failed: " + client::system_message(static_cast<int>(-result))};
}

}  // namespace

void Channel::queue(ByteView frame, MonoTime intended, std::uint32_t tag) {
    const auto id = next_correlation_id_++;
    Outgoing request;
    std::memcpy(request.head.data(), frame.data(), kHeadBytes);
    store_be(request.head.data() + kCorrelationAt, id);
    request.frame = frame;
    outgoing_.push_back(request);
    flights_.push_back({intended, tag, id, frame.size()});
}

Status Channel::flush() {
    constexpr std::size_t kPieces = 64;
    while (!outgoing_.empty()) {
        std::array<iovec, kPieces> pieces;
        std::size_t count = 0;
        const auto add = [&](const std::uint8_t* at, std::size_t size) {
            pieces[count++] = {const_cast<std::uint8_t*>(at), size};
        };
        for (const auto& request : outgoing_) {
            if (count + 2 > kPieces) break;
            const auto from = std::max(request.sent, kHeadBytes);
            if (request.sent < kHeadBytes) {
                add(request.head.data() + request.sent, kHeadBytes - request.sent);
            }
            if (from < request.frame.size()) {
                add(request.frame.data() + from, request.frame.size() - from);
            }
        }
        const auto result = socket_.send_some(std::span(pieces.data(), count));
        if (result == -EAGAIN) return {};
        if (result < 0) return std::unexpected(broken(result));
        auto left = static_cast<std::size_t>(result);
        while (left > 0) {
            auto& request = outgoing_.front();
            const auto step = std::min(left, request.frame.size() - request.sent);
            request.sent += step;
            left -= step;
            if (request.sent < request.frame.size()) break;
            outgoing_.pop_front();
            ++sent_;
        }
    }
    return {};
}

Result<Channel::Flight> Channel::complete(std::int32_t correlation_id) {
    if (flights_.empty() || flights_.front().correlation_id != correlation_id) {
        return fail(ErrorCode::NETWORK_EXCEPTION,
                    fmt::format("the answer has correlation id {}, expected was {}", correlation_id,
                                flights_.empty() ? 0 : flights_.front().correlation_id));
    }
    const auto flight = flights_.front();
    flights_.pop_front();
    return flight;
}

Result<bool> FrameBuffer::receive(client::Socket& socket) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ >= sizeof(std::int32_t)) {
        const auto frame = static_cast<std::size_t>(load_be<std::int32_t>(buffer_.data()));
        if (frame + sizeof(std::int32_t) > buffer_.size()) {
            buffer_.resize(frame + sizeof(std::int32_t));
        }
    }
    const auto got = socket.receive_some(MutableBytes(buffer_).subspan(end_));
    if (got == -EAGAIN) return false;
    if (got <= 0) return std::unexpected(broken(got));
    end_ += static_cast<std::size_t>(got);
    return true;
}

ByteView FrameBuffer::next() {
    const auto left = end_ - begin_;
    if (left < sizeof(std::int32_t)) return {};
    const auto size = static_cast<std::size_t>(load_be<std::int32_t>(buffer_.data() + begin_));
    if (left - sizeof(std::int32_t) < size) return {};
    const auto frame = ByteView(buffer_).subspan(begin_ + sizeof(std::int32_t), size);
    begin_ += sizeof(std::int32_t) + size;
    return frame;
}

}  // namespace milena::bench
