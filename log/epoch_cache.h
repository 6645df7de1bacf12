// Which leader epoch wrote which offsets (leader-epoch-checkpoint), so that replicas find where
// their histories part. Pure; the file is written by whoever holds the cache, as part of a sync.
//
// Invariant: entries ascend strictly in epoch and start offset.
#pragma once

#include "log/checkpoint.h"
#include "log/log_types.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace milena::log {

class EpochCache {
  public:
    EpochCache() = default;
    explicit EpochCache(std::vector<EpochEntry> entries) : entries_(std::move(entries)) {}

    // `epoch` begins at `start`. An entry that is known already changes nothing; entries that
    // contradict it (a later epoch, or a start at or after `start`) go: the log was cut there.
    void assign(LeaderEpoch epoch, Offset start);
    // The log now ends at `end`: epochs that began there or later are gone.
    void truncate_from_end(Offset end);
    // The log now begins at `start`: the epoch that covers it begins there, earlier ones are gone.
    void truncate_from_start(Offset start);
    void clear();

    std::optional<LeaderEpoch> latest() const;
    std::optional<LeaderEpoch> epoch_at(Offset offset) const;
    // Where `epoch` ended, given where the log ends: see PartitionLog::epoch_end_offset.
    EpochEndOffset end_offset_for(LeaderEpoch epoch, Offset log_end) const;

    const std::vector<EpochEntry>& entries() const { return entries_; }
    // Counts the changes, so that a holder can tell whether what it wrote is still current.
    std::uint64_t version() const { return version_; }
    void check_invariants() const;

  private:
    std::vector<EpochEntry> entries_;
    std::uint64_t version_ = 0;
};

}  // namespace milena::log
