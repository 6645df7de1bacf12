// Nodes whose process has ended, as this node saw it from its connections, and that the cluster has
// not parted with yet: their partitions are about to have other leaders.
//
// A monitor: any thread. An absence counts for kSettle; if nobody was elected by then, nobody can
// be.
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/metadata/image.h"

#include <atomic>
#include <map>
#include <mutex>

namespace milena::quorum {

class Absences {
  public:
    static constexpr Millis kSettle{1'000};

    void gone(BrokerId node, MonoTime now);
    void back(BrokerId node);
    // Does the image count on a node that is gone? One load while none is.
    bool is_settling(const metadata::Image& image, MonoTime now) const;
    bool any() const { return any_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> any_ = false;
    mutable std::mutex mutex_;
    std::map<BrokerId, MonoTime> since_;
};

}  // namespace milena::quorum
