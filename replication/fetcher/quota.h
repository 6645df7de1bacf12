// How much replication may still pass now (KIP-73): bytes in the last eleven windows of a second,
// held against a rate. For a follower, and for a leader's sending, too.
#pragma once

#include "protocol/base/time.h"

#include <array>
#include <cstdint>
#include <optional>

namespace milena::fetcher {

class ReplicationQuota {
  public:
    // nullopt: no bound.
    void set_rate(std::optional<std::int64_t> bytes_per_second) { rate_ = bytes_per_second; }
    void record(std::uint64_t bytes, MonoTime now);
    bool is_exceeded(MonoTime now) const;

  private:
    static constexpr std::int64_t kWindows = 11;  // replication.quota.window.num
    static constexpr Nanos kWindow = std::chrono::seconds(1);

    static std::int64_t window_of(MonoTime now) { return now.time_since_epoch() / kWindow; }

    struct Sample {
        std::int64_t window = -kWindows;
        std::uint64_t bytes = 0;
    };
    std::optional<std::int64_t> rate_;
    std::array<Sample, kWindows> samples_;
};

}  // namespace milena::fetcher
