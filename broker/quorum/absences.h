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
#include <vector>

namespace milena::quorum {

class Absences {
  public:
    static constexpr Millis kSettle{1'000};

    void gone(BrokerId node, MonoTime now);
    void back(BrokerId node);
    // These start together with this node, perhaps: until all of them serve, but not longer than
    // until then, leaders are about to be elected.
    void expect(std::vector<BrokerId> nodes, MonoTime until);
    // Does the image count on a node that is gone, or is one that is expected missing in it?
    bool is_settling(const metadata::Image& image, MonoTime now);
    // One load: is there anything to settle?
    bool any() const { return any_.load(std::memory_order_relaxed); }

  private:
    bool is_complete(const metadata::Image& image) const;

    std::atomic<bool> any_ = false;
    std::mutex mutex_;
    std::map<BrokerId, MonoTime> since_;
    std::vector<BrokerId> expected_;
    MonoTime expected_until_{};
};

}  // namespace milena::quorum
