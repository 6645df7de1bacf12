#include "broker/net/reply_queue.h"

#include "protocol/base/assert.h"

#include <utility>

namespace milena::net {
namespace {

constexpr std::size_t kFirstSlots = 4;

}  // namespace

std::uint64_t ReplyQueue::open() {
    if (size() == slots_.size()) grow();
    slots_[next_ & mask()].state = State::kPending;
    ++pending_;
    return next_++;
}

void ReplyQueue::complete(std::uint64_t sequence, OutFrame frame) {
    const auto bytes = frame.size();
    auto& slot = answer(sequence, bytes == 0 ? State::kSilent : State::kReady);
    slot.frame = std::move(frame);
    slot.size = bytes;
    ready_bytes_ += bytes;
}

void ReplyQueue::close_at(std::uint64_t sequence) {
    answer(sequence, State::kClose);
}

std::uint64_t ReplyQueue::backlog() const {
    if (empty()) return 0;
    const auto& head = (*this)[0];
    return head.state == State::kReady ? ready_bytes_ - head.size : ready_bytes_;
}

void ReplyQueue::pop() {
    auto& slot = slots_[head_ & mask()];
    MILENA_ASSERT(!empty() && slot.state != State::kPending);
    if (slot.state == State::kReady) {
        ready_bytes_ -= slot.size;
        slot.frame = OutFrame{};
    }
    slot.size = 0;
    ++head_;
}

ReplyQueue::Slot& ReplyQueue::answer(std::uint64_t sequence, State state) {
    MILENA_ASSERT(sequence >= head_ && sequence < next_);
    auto& slot = slots_[sequence & mask()];
    MILENA_ASSERT(slot.state == State::kPending);
    slot.state = state;
    --pending_;
    return slot;
}

void ReplyQueue::grow() {
    std::vector<Slot> larger(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    for (auto at = head_; at != next_; ++at) {
        larger[at & (larger.size() - 1)] = std::move(slots_[at & mask()]);
    }
    slots_ = std::move(larger);
}

}  // namespace milena::net
