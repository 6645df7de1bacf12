// A shared_ptr that one thread replaces while others read it: settings, images, whatever is
// immutable and swapped whole. As std::atomic<std::shared_ptr>, whose load() in g++ 12 gives its
// lock bit back without release, which is a data race by the letter and to ThreadSanitizer.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace milena {

template <class T>
class SharedCell {
  public:
    SharedCell() = default;
    explicit SharedCell(std::shared_ptr<T> value) : value_(std::move(value)) {}
    SharedCell(const SharedCell&) = delete;
    SharedCell& operator=(const SharedCell&) = delete;

    std::shared_ptr<T> load() const {
        lock();
        std::shared_ptr<T> copy = value_;
        unlock();
        return copy;
    }
    // The old value dies, if it does, after readers can get at the new one.
    void store(std::shared_ptr<T> value) {
        lock();
        value_.swap(value);
        unlock();
    }

  private:
    // Held for a few instructions; who finds it taken spins, then sleeps.
    void lock() const {
        while (busy_.test_and_set(std::memory_order_acquire)) {
            busy_.wait(true, std::memory_order_relaxed);
        }
    }
    void unlock() const {
        busy_.clear(std::memory_order_release);
        busy_.notify_one();
    }

    mutable std::atomic_flag busy_;
    std::shared_ptr<T> value_;
};

}  // namespace milena
