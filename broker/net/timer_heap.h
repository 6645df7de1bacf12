// Deadlines of one reactor: a binary heap that can take any timer out again.
//
// Invariants: slots_[heap_[i]].place == i for every i; a timer's slot is free or in the heap; an id
// names one timer for ever (a slot counts its generations). Driven by the reactor, which owns the
// clock; one thread.
#pragma once

#include "broker/net/executor.h"
#include "protocol/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena::net {

class TimerHeap {
  public:
    // Never Executor::kNoTimer.
    Executor::TimerId add(MonoTime when, Task task);
    // False when the timer has fired, was cancelled or never was. The task dies here.
    bool cancel(Executor::TimerId id);

    std::size_t size() const { return heap_.size(); }
    std::optional<MonoTime> earliest() const;
    // The task of the earliest timer, if that is due at `now`; timers of equal time fire in the
    // order of their setting.
    std::optional<Task> pop_due(MonoTime now);

    // The invariants above; aborts when one does not hold.
    void check_invariants() const;

  private:
    struct Slot {
        MonoTime when;
        std::uint64_t order = 0;
        std::uint32_t generation = 1;
        std::uint32_t place = kFree;
        Task task;
    };
    static constexpr std::uint32_t kFree = UINT32_MAX;

    bool before(std::uint32_t a, std::uint32_t b) const;
    void put(std::size_t place, std::uint32_t slot);
    void sift_up(std::size_t place);
    void sift_down(std::size_t place);
    Task take_out(std::uint32_t slot);

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> heap_;
    std::uint64_t next_order_ = 0;
};

}  // namespace milena::net
