// How much a leader may still send to throttled replicas now. From any thread.
#pragma once

#include "replication/fetcher/quota.h"

#include <cstdint>
#include <mutex>
#include <optional>

namespace milena::replica {

class ReplicationThrottle {
  public:
    // nullopt: no bound.
    void set_rate(std::optional<std::int64_t> bytes_per_second) {
        const std::lock_guard lock(mutex_);
        quota_.set_rate(bytes_per_second);
    }
    void record(std::uint64_t bytes, MonoTime now) {
        const std::lock_guard lock(mutex_);
        quota_.record(bytes, now);
    }
    bool is_exceeded(MonoTime now) const {
        const std::lock_guard lock(mutex_);
        return quota_.is_exceeded(now);
    }

  private:
    mutable std::mutex mutex_;
    fetcher::ReplicationQuota quota_;
};

}  // namespace milena::replica
