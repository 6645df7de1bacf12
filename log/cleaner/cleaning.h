// One round of compaction over one log: what PartitionLog hands out under its lock, and what comes
// back to it. Everything here runs without that lock, on files that nobody else changes.
//
// A round goes: plan_cleaning (locked) -> CleaningRound::read_keys -> for each group of segments
// next() writes and syncs <base>.log.cleaned with its indexes, swap_cleaned (locked) puts it in
// their place -> mark_cleaned (locked). Any step may fail or be the last one; what has been swapped
// until then is good by itself, and the next round begins anew.
//
// Groups are cleaned from the oldest on. That is what makes it safe to drop a tombstone: when the
// segment with its horizon was written, the older records of its key had gone already.
#pragma once

#include "log/cleaner/batch_filter.h"
#include "log/cleaner/clean_range.h"
#include "log/cleaner/key_collector.h"
#include "log/file_handle.h"
#include "log/log_types.h"
#include "log/segment.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace milena::log {

struct CleaningSource {
    CleanableSegment facts;
    TimestampMs modified;
};

struct CleaningPlan {
    LogPlace place;
    LogSettings settings;
    CleanRange range;
    std::vector<CleaningSource> sources;  // sealed segments below range.end, ascending
    std::vector<AbortedTransaction> aborted;
    ActiveProducers producers;
    LogTime now;
    std::uint64_t generation = 0;  // of the log when the plan was made
};

// A segment that is ready to take the place of others: its files are durable and end in .cleaned.
struct CleanedSegment {
    Offset base;  // of the first one that it replaces
    struct Replaced {
        Offset base;
        std::uint64_t size = 0;
    };
    std::vector<Replaced> replaces;
    SegmentFiles files;
    std::uint64_t generation = 0;  // of the plan
};

// What a round works with; all of it outlives the round.
struct CleaningMeans {
    OffsetMap& map;
    Codecs& codecs;
    std::size_t io_bytes = 512U << 10U;  // read, and gathered for writing, at once
    // Told of bytes that were read or written; may take its time. An error ends the round.
    std::function<Status(std::uint64_t bytes)> pace = [](std::uint64_t) { return Status{}; };
};

class CleaningRound {
  public:
    CleaningRound(const CleaningPlan& plan, const CleaningMeans& means);

    // Reads the dirty part into the map: all of it, or as much as fits. The offset up to which
    // this round cleans. CORRUPT_MESSAGE when a segment is not a row of batches.
    Result<Offset> read_keys();
    // Cleans the next group. nullopt: none is left. Groups that come out as they were are passed
    // over.
    Result<std::optional<CleanedSegment>> next();

    const CleaningCounts& counts() const { return filter_.counts(); }

  private:
    using Sources = std::span<const CleaningSource>;

    Result<std::shared_ptr<File>> open(const CleaningSource& source) const;
    Result<bool> collect_keys(const CleaningSource& source, KeyCollector& collector);
    Status begin_cleaning();
    Result<std::optional<CleanedSegment>> clean(Sources group);
    // False: nothing of it changed.
    Result<bool> clean_into(Segment& target, Sources group);
    Result<bool> clean_source(Segment& target, const CleaningSource& source);
    Status write(Segment& target, TimestampMs now);
    Status make_durable(Segment& target) const;

    const CleaningPlan& plan_;
    CleaningMeans means_;
    CleaningRules rules_;
    TransactionTracker transactions_;
    BatchFilter filter_;
    std::optional<std::vector<std::size_t>> groups_;
    std::size_t next_group_ = 0;
    std::size_t next_source_ = 0;
    std::vector<std::uint8_t> out_;
};

struct CleanedLog {
    Offset up_to = kNoOffset;  // for mark_cleaned; kNoOffset: the log changed under the round
    std::size_t swapped = 0;   // segments that came of it
    CleaningCounts counts;
};

// A whole round but for mark_cleaned. `swap` is PartitionLog::swap_cleaned, called as its log's
// owner has it called; what it refuses is removed.
Result<CleanedLog> run_round(const CleaningPlan& plan, const CleaningMeans& means,
                             const std::function<Result<bool>(const CleanedSegment&)>& swap);

}  // namespace milena::log
