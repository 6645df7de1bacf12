// Partition: compaction. What takes long is done by LogCleaner without the lock.
#include "broker/replica/partition.h"
#include "log/cleaner/cleaning.h"

namespace milena::replica {

std::optional<log::CleanRange> Partition::cleanable(TimestampMs now) {
    const std::lock_guard lock(mutex_);
    if (!log_ || log_->broken()) return std::nullopt;
    // Only what needs no scan after a crash is compacted. A log that is quiet since its start gets
    // there by a sync.
    if (log_->recovery_point() < log_->active_segment_base()) {
        want_sync(log::SyncScope::everything);
    }
    const auto range = log_->clean_range(visible_end(partition::Reader::committed), now);
    return range ? std::optional(*range) : std::nullopt;
}

Result<log::CleaningPlan> Partition::plan_cleaning(log::LogTime now) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    return log_->plan_cleaning(visible_end(partition::Reader::committed), now);
}

// The lock is held over two syncs of the directory: until the new names are durable nobody may
// append to, cut or remove what they stand for.
Result<bool> Partition::swap_cleaned(const log::CleanedSegment& cleaned, log::LogTime now) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    return log_->swap_cleaned(cleaned, now);
}

void Partition::mark_cleaned(Offset up_to, std::uint64_t generation) {
    const std::lock_guard lock(mutex_);
    if (log_) log_->mark_cleaned(up_to, generation);
}

}  // namespace milena::replica
