// A mutex for sections of a few microseconds: who finds it taken looks again for about as long as
// an append lasts before it goes to sleep. Sleeping and being woken costs more than that, and it
// costs the thread that wakes as well.
#pragma once

#include <mutex>

namespace milena::replica {

class SpinningMutex {
  public:
    void lock() {
        for (int i = 0; i < kSpins; ++i) {
            if (mutex_.try_lock()) return;
            __builtin_ia32_pause();
        }
        mutex_.lock();
    }
    bool try_lock() { return mutex_.try_lock(); }
    void unlock() { mutex_.unlock(); }

  private:
    static constexpr int kSpins = 400;  // of about 50 ns

    std::mutex mutex_;
};

}  // namespace milena::replica
