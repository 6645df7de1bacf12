// How long this node may take itself for the leader of anything: until then no other node can have
// been made leader, because the controller has heard from this one.
//
// A lease never gets shorter. Without any (one node that is its own controller) it has no end; a
// node of several holds one from before its first image on. All functions from any thread.
#pragma once

#include "protocol/base/time.h"

#include <atomic>
#include <cstdint>

namespace milena::replica {

class Lease {
  public:
    MonoTime until() const { return MonoTime(Nanos(until_.load(std::memory_order_relaxed))); }
    // The first one ends the time without a lease.
    void hold(MonoTime until) {
        const std::int64_t asked = until.time_since_epoch().count();
        auto held = until_.load(std::memory_order_relaxed);
        while ((held == kNone || held < asked) &&
               !until_.compare_exchange_weak(held, asked, std::memory_order_relaxed)) {
        }
    }

  private:
    static constexpr std::int64_t kNone = MonoTime::max().time_since_epoch().count();

    std::atomic<std::int64_t> until_ = kNone;
};

}  // namespace milena::replica
