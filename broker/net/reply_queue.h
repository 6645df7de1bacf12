// The replies of one connection, in the order of their requests, whenever they are given.
//
// Invariants: slots head_..next_-1 are open, in a ring whose size is a power of two; pending_ of
// them are unanswered; ready_bytes_ is the sum over answered frames that have not left whole.
// Driven by the connection, on its reactor.
#pragma once

#include "protocol/wire/out_frame.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace milena::net {

class ReplyQueue {
  public:
    enum class State : std::uint8_t {
        kPending,
        kReady,
        kSilent,  // answered with nothing
        kClose,   // the connection ends here
    };
    struct Slot {
        OutFrame frame;
        std::uint64_t size = 0;  // of `frame` on the wire
        State state = State::kPending;
    };

    // A slot for the next request; its sequence number.
    std::uint64_t open();
    // Both: `sequence` is open and unanswered.
    void complete(std::uint64_t sequence, OutFrame frame);
    void close_at(std::uint64_t sequence);

    bool empty() const { return head_ == next_; }
    std::size_t size() const { return static_cast<std::size_t>(next_ - head_); }
    std::size_t pending() const { return pending_; }
    // Bytes of finished replies behind the one that is (or will be) sent next.
    std::uint64_t backlog() const;
    bool has_unsent() const { return ready_bytes_ > 0; }

    // The n-th open slot, n < size().
    const Slot& operator[](std::size_t n) const { return slots_[(head_ + n) & mask()]; }
    // Drops the first slot, which is not pending.
    void pop();

    // Memory held by the ring itself.
    std::size_t capacity() const { return slots_.size(); }

  private:
    std::uint64_t mask() const { return slots_.size() - 1; }
    Slot& answer(std::uint64_t sequence, State state);
    void grow();

    std::vector<Slot> slots_;
    std::uint64_t head_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t ready_bytes_ = 0;
    std::size_t pending_ = 0;
};

}  // namespace milena::net
