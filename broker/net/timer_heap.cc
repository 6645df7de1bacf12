#include "broker/net/timer_heap.h"

#include "protocol/base/assert.h"

#include <utility>

namespace milena::net {
namespace {

constexpr std::uint64_t kSlotMask = 0xffffffff;

}  // namespace

Executor::TimerId TimerHeap::add(MonoTime when, Task task) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const auto index = free_.back();
    free_.pop_back();
    auto& slot = slots_[index];
    slot.when = when;
    slot.order = next_order_++;
    slot.task = std::move(task);
    heap_.push_back(index);
    put(heap_.size() - 1, index);
    sift_up(heap_.size() - 1);
    return (std::uint64_t{slot.generation} << 32) | index;
}

bool TimerHeap::cancel(Executor::TimerId id) {
    const auto index = id & kSlotMask;
    if (index >= slots_.size()) return false;
    const auto& slot = slots_[index];
    if (slot.place == kFree || slot.generation != id >> 32) return false;
    take_out(static_cast<std::uint32_t>(index));
    return true;
}

std::optional<MonoTime> TimerHeap::earliest() const {
    if (heap_.empty()) return std::nullopt;
    return slots_[heap_.front()].when;
}

std::optional<Task> TimerHeap::pop_due(MonoTime now) {
    if (heap_.empty() || slots_[heap_.front()].when > now) return std::nullopt;
    return take_out(heap_.front());
}

void TimerHeap::check_invariants() const {
    MILENA_ASSERT(heap_.size() + free_.size() == slots_.size());
    for (std::size_t i = 0; i < heap_.size(); ++i) {
        MILENA_ASSERT(slots_[heap_[i]].place == i);
        MILENA_ASSERT(i == 0 || !before(heap_[i], heap_[(i - 1) / 2]));
    }
}

bool TimerHeap::before(std::uint32_t a, std::uint32_t b) const {
    const auto& left = slots_[a];
    const auto& right = slots_[b];
    return left.when < right.when || (left.when == right.when && left.order < right.order);
}

void TimerHeap::put(std::size_t place, std::uint32_t slot) {
    heap_[place] = slot;
    slots_[slot].place = static_cast<std::uint32_t>(place);
}

void TimerHeap::sift_up(std::size_t place) {
    const auto slot = heap_[place];
    while (place > 0) {
        const auto parent = (place - 1) / 2;
        if (!before(slot, heap_[parent])) break;
        put(place, heap_[parent]);
        place = parent;
    }
    put(place, slot);
}

void TimerHeap::sift_down(std::size_t place) {
    const auto slot = heap_[place];
    for (;;) {
        auto child = 2 * place + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
        if (!before(heap_[child], slot)) break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, slot);
}

Task TimerHeap::take_out(std::uint32_t index) {
    auto& slot = slots_[index];
    const auto place = slot.place;
    const auto last = heap_.back();
    heap_.pop_back();
    if (last != index) {
        put(place, last);
        sift_down(place);
        sift_up(slots_[last].place);
    }
    slot.place = kFree;
    if (++slot.generation == 0) slot.generation = 1;
    free_.push_back(index);
    return std::exchange(slot.task, nullptr);
}

}  // namespace milena::net
