// Where each epoch begins in a log: what finds the point at which two logs diverge.
//
// Invariants: epochs and offsets both ascend strictly, but for the first entry, which stands for
// the log's beginning and may be empty.
#pragma once

#include "protocol/base/ids.h"
#include "replication/raft/messages.h"

#include <vector>

namespace milena::raft {

struct EpochStart {
    LeaderEpoch epoch;
    Offset start;

    friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

class Epochs {
  public:
    Epochs() = default;
    // As the log has them, ascending.
    explicit Epochs(std::vector<EpochStart> starts) : starts_(std::move(starts)) {}

    // kNoLeaderEpoch when nothing was ever appended.
    LeaderEpoch last() const { return starts_.empty() ? kNoLeaderEpoch : starts_.back().epoch; }
    // A batch of `epoch` was appended at `at`.
    void appended(LeaderEpoch epoch, Offset at);
    void truncated(Offset end);
    // Nothing below `start` is left; the record before it is of `epoch`.
    void begin_at(Offset start, LeaderEpoch epoch);

    // The latest epoch not after `epoch` and where it ends in a log that ends at `log_end`. Before
    // the first one, `epoch` itself, ending where that begins
    // (storage/.../LeaderEpochFileCache.java).
    EpochEnd end_of(LeaderEpoch epoch, Offset log_end) const;

  private:
    std::vector<EpochStart> starts_;
};

}  // namespace milena::raft
