#include "broker/net/link.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace milena::net {
namespace {

constexpr std::size_t kPrefixBytes = 4;
// In a request: after the length, API key and version. In a reply: first.
constexpr std::size_t kCorrelationAt = kPrefixBytes + 4;
constexpr std::size_t kSpace = 64 * 1024;
constexpr std::size_t kGather = 16;

iovec piece_of(ByteView bytes) {
    return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

Link::Link(Executor& executor, RemoteAddress to, LinkSettings settings, Ended ended)
    : executor_(executor),
      to_(std::move(to)),
      settings_(settings),
      tell_ended_(std::move(ended)),
      space_(std::make_unique<std::uint8_t[]>(kSpace)) {}

Link::~Link() = default;

std::shared_ptr<Link> Link::open(Executor& executor, Connector& connector, RemoteAddress to,
                                 LinkSettings settings, Ended ended) {
    std::shared_ptr<Link> link(new Link(executor, std::move(to), settings, std::move(ended)));
    connector.connect(link->to_, settings.connect_patience, *link,
                      [link](Result<std::unique_ptr<Transport>> transport) {
                          link->connected(std::move(transport));
                      });
    return link;
}

void Link::connected(Result<std::unique_ptr<Transport>> transport) {
    if (!transport) {
        if (!ended_) end(std::move(transport).error(), true);
        return;
    }
    self_ = shared_from_this();
    transport_ = std::move(*transport);
    if (ended_) return transport_->close();
    read_waiting_ = true;
    transport_->wait_readable();
    send_waiting();
}

void Link::send(std::vector<std::uint8_t> request, MonoTime deadline, Done done) {
    MILENA_ASSERT(request.size() >= kCorrelationAt + 4);
    if (ended_) {
        executor_.post([done = std::move(done), to = to_.text()]() mutable {
            done(fail(ErrorCode::NETWORK_EXCEPTION, "the connection to " + to + " has ended"));
        });
        return;
    }
    const auto id = load_be<std::int32_t>(request.data() + kCorrelationAt);
    requests_.push_back({std::move(request), id, deadline, std::move(done)});
    watch_deadline();
    if (transport_ && !write_waiting_) send_waiting();
}

void Link::close() {
    if (ended_) return;
    end({ErrorCode::NETWORK_EXCEPTION, "the connection to " + to_.text() + " was closed"}, false);
}

void Link::on_readable() {
    read_waiting_ = false;
    const auto keep = self_;
    if (ended_) return;
    receive();
    if (ended_) return;
    read_waiting_ = true;
    transport_->wait_readable();
}

void Link::on_writable() {
    write_waiting_ = false;
    const auto keep = self_;
    if (!ended_) send_waiting();
}

void Link::on_closed() {
    // The transport calls this as its last act: it dies in a turn of its own.
    executor_.post([self = std::exchange(self_, nullptr)] {});
}

void Link::send_waiting() {
    while (sent_ < requests_.size()) {
        std::array<iovec, kGather> pieces;
        std::size_t count = 0;
        for (auto i = sent_; i < requests_.size() && count < kGather; ++i) {
            const ByteView frame(requests_[i].frame);
            pieces[count++] = piece_of(i == sent_ ? frame.subspan(sent_bytes_) : frame);
        }
        const auto result = transport_->write({pieces.data(), count}, Continues::no);
        if (result == kWouldBlock) {
            write_waiting_ = true;
            return transport_->wait_writable();
        }
        if (result < 0) {
            // The reader finds it, too; a caller of send() must not be called back from here.
            write_waiting_ = true;
            executor_.post([self = self_, error = static_cast<int>(-result)] {
                if (self->ended_) return;
                self->end({ErrorCode::NETWORK_EXCEPTION,
                           fmt::format("sending to {}: {}", self->to_.text(),
                                       std::system_category().message(error))},
                          true);
            });
            return;
        }
        drop_sent(static_cast<std::size_t>(result));
    }
}

void Link::drop_sent(std::size_t count) {
    sent_bytes_ += count;
    while (sent_ < requests_.size() && sent_bytes_ >= requests_[sent_].frame.size()) {
        auto& frame = requests_[sent_++].frame;
        sent_bytes_ -= frame.size();
        std::vector<std::uint8_t>().swap(frame);
    }
}

bool Link::receive() {
    const MutableBytes space(space_.get(), kSpace);
    std::array<iovec, 2> into{};
    std::size_t room = 0;
    if (!partial_.empty()) {
        // The rest of a reply goes where its beginning is.
        std::size_t wanted = kPrefixBytes;
        if (partial_.size() >= kPrefixBytes) {
            wanted += static_cast<std::size_t>(load_be<std::int32_t>(partial_.bytes().data()));
        }
        const auto free = partial_.room(wanted - partial_.size());
        room = free.size();
        into[0] = piece_of(free);
    }
    into[room > 0 ? 1 : 0] = piece_of(space);
    const auto result = transport_->read({into.data(), room > 0 ? 2U : 1U});
    if (result == kWouldBlock) return false;
    if (result <= 0) {
        const auto why = result == 0 ? std::string("the peer has closed it")
                                     : std::system_category().message(static_cast<int>(-result));
        end({ErrorCode::NETWORK_EXCEPTION,
             fmt::format("the connection to {} has ended: {}", to_.text(), why)},
            true);
        return false;
    }
    const auto count = static_cast<std::size_t>(result);
    const auto in_place = std::min(count, room);
    const ByteView rest = space.first(count - in_place);
    if (partial_.empty()) {
        const auto taken = take_replies(rest);
        if (!ended_ && taken < rest.size()) partial_.append(rest.subspan(taken));
        return !ended_;
    }
    partial_.grew(in_place);
    if (!rest.empty()) partial_.append(rest);
    const auto taken = take_replies(partial_.bytes());
    if (ended_) return false;
    if (taken > 0) partial_.drop(taken);
    return true;
}

std::size_t Link::take_replies(ByteView data) {
    std::size_t at = 0;
    while (data.size() - at >= kPrefixBytes) {
        const auto length = load_be<std::int32_t>(data.data() + at);
        if (length < 4 || static_cast<std::uint32_t>(length) > settings_.reply_bytes_max) {
            end({ErrorCode::NETWORK_EXCEPTION,
                 fmt::format("{} announces a reply of {} bytes", to_.text(), length)},
                true);
            break;
        }
        const auto size = static_cast<std::size_t>(length);
        if (data.size() - at - kPrefixBytes < size) break;
        if (!take_reply(data.subspan(at + kPrefixBytes, size))) break;
        at += kPrefixBytes + size;
    }
    return at;
}

bool Link::take_reply(ByteView reply) {
    const auto id = load_be<std::int32_t>(reply.data());
    if (sent_ == 0 || requests_.front().correlation_id != id) {
        end({ErrorCode::NETWORK_EXCEPTION,
             fmt::format("{} answers {}, which is not what it was asked", to_.text(), id)},
            true);
        return false;
    }
    auto done = std::move(requests_.front().done);
    requests_.pop_front();
    --sent_;
    done(reply);
    return !ended_;
}

// One timer for the oldest request. It is not moved when a reply comes in time, only when it fires
// early.
void Link::watch_deadline() {
    if (requests_.empty() || requests_.front().deadline >= timer_at_) return;
    if (timer_ != Executor::kNoTimer) executor_.cancel(timer_);
    timer_at_ = requests_.front().deadline;
    timer_ = executor_.call_at(timer_at_, [self = shared_from_this()] {
        self->timer_ = Executor::kNoTimer;
        self->timer_at_ = MonoTime::max();
        if (self->ended_) return;
        if (self->requests_.empty() || self->requests_.front().deadline > self->executor_.now()) {
            return self->watch_deadline();
        }
        self->end({ErrorCode::REQUEST_TIMED_OUT,
                   fmt::format("{} has not answered in time", self->to_.text())},
                  true);
    });
}

void Link::end(Error why, bool tell) {
    ended_ = true;
    if (timer_ != Executor::kNoTimer) executor_.cancel(std::exchange(timer_, Executor::kNoTimer));
    if (transport_) transport_->close();
    auto requests = std::move(requests_);
    requests_.clear();
    sent_ = 0;
    executor_.post([requests = std::move(requests), why = std::move(why),
                    ended = tell ? std::move(tell_ended_) : Ended{}]() mutable {
        for (auto& request : requests) request.done(std::unexpected(why));
        if (ended) ended(why);
    });
}

}  // namespace milena::net
