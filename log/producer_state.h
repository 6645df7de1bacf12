// What a partition knows of its producers and their transactions. A fold of the log: the same
// batches give the same state, so it is rebuilt from a snapshot and the batches after it.
//
// Invariants: every open transaction is that of its producer's entry; end_offset is the offset up
// to which the log is folded in; first_unstable_offset never exceeds end_offset.
#pragma once

#include "log/log_types.h"
#include "log/producer_entry.h"
#include "protocol/record/control_record.h"

#include <map>
#include <optional>
#include <unordered_map>

namespace milena::log {

struct CompletedTransaction {
    ProducerId producer_id;
    Offset first_offset;
    Offset last_offset;  // of the marker
    bool aborted = false;
};

class ProducerState {
  public:
    using Entries = std::unordered_map<ProducerId, ProducerEntry>;

    const ProducerEntry* find(ProducerId id) const;
    const Entries& entries() const { return entries_; }
    std::size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty() && ended_.empty(); }

    // Folds in one data batch. The caller has checked it, or another replica has.
    void apply(const ProducerBatch& batch);
    // Folds in a transaction's end. The transaction, unless it wrote nothing here.
    std::optional<CompletedTransaction> apply(ProducerId id, ProducerEpoch epoch,
                                              const TransactionMarker& marker, Offset offset,
                                              TimestampMs timestamp);

    // First offset of the earliest transaction that is open or ended at or above the high
    // watermark.
    std::optional<Offset> first_unstable_offset() const;
    // The last stable offset right after `completed`, by this partition's own log alone.
    Offset stable_offset_after(const CompletedTransaction& completed) const;
    void on_high_watermark(Offset high_watermark);

    Offset end_offset() const { return end_offset_; }
    void set_end_offset(Offset offset) { end_offset_ = offset; }

    // Forgets who has no open transaction and wrote nothing for `after`.
    void expire(TimestampMs now, Millis after);
    // Forgets those who wrote longest ago and have no open transaction until `limit` are left, or
    // all others are busy. How many went.
    std::size_t shrink_to(std::size_t limit);
    void clear();
    // From a snapshot; the log is folded in up to its offset.
    void restore(ProducerId id, const ProducerEntry& entry);

    void check_invariants() const;

  private:
    Entries entries_;
    std::map<Offset, ProducerId> open_;  // by first offset
    std::map<Offset, Offset> ended_;     // first offset -> last, until the high watermark passes
    Offset end_offset_{0};
};

}  // namespace milena::log
