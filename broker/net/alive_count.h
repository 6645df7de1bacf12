// Counts what still runs, so that whoever stops it can wait for the last.
#pragma once

#include "protocol/base/time.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace milena::net {

class AliveCount {
  public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++count_;
    }
    void subtract() {
        const std::lock_guard lock(mutex_);
        if (--count_ == 0) none_.notify_all();
    }
    // True when none was left within `limit`.
    bool wait_none(Millis limit) {
        std::unique_lock lock(mutex_);
        return none_.wait_for(lock, limit, [this] { return count_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable none_;
    std::uint64_t count_ = 0;
};

}  // namespace milena::net
