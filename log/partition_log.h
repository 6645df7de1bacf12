// One partition on disk: an ordered list of segments, the leader epochs, the producers' state.
//
// Driven by the partition's monitor (broker/replica) or the metadata quorum (broker/quorum), which
// call it under their lock: a PartitionLog has no lock of its own and never waits for a sync. What
// may run without the lock leaves it as a value: slices (they hold their file open), SyncPlan,
// WritebackPlan.
//
// Invariants (README.md names them all): offsets grow by batch and never repeat; log_start_offset
// <= recovery_point <= synced_offset <= log_end_offset; after the first write error that is not
// "disk full" every append is refused; a refused append leaves files and state as they were.
#pragma once

#include "log/checkpoint.h"
#include "log/log_types.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milena {
class Codecs;
}

namespace milena::log {

class ProducerState;
struct CleanRange;
struct CleanedSegment;
struct CleaningPlan;

class PartitionLog {
  public:
    // Opens what is in `directory` (made when missing), recovering it after an unclean shutdown.
    // KAFKA_STORAGE_ERROR when the disk refuses or a checkpoint file makes no sense.
    static Result<std::unique_ptr<PartitionLog>> open(Disk& disk, std::string directory,
                                                      const OpenOptions& options);
    ~PartitionLog();
    PartitionLog(const PartitionLog&) = delete;
    PartitionLog& operator=(const PartitionLog&) = delete;

    // --- Writing ---

    // Is this batch (one v2 batch) the producer's next one? The batch it repeats, when it is one of
    // the last five; nullopt: append it. OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH,
    // INVALID_TXN_STATE. Changes nothing. (storage/.../ProducerAppendInfo.java)
    Result<std::optional<DuplicateBatch>> check_producer(ByteView batch, AppendOrigin origin) const;

    // Appends one or more whole v2 batches that record/ has checked, in one write. Base offsets and
    // the leader epoch are patched in place; producers' state follows. RECORD_LIST_TOO_LARGE when
    // they do not fit into a segment.
    Result<AppendInfo> append_as_leader(MutableBytes batches, LeaderEpoch leader_epoch,
                                        LogTime now);

    // Appends batches as another replica stored them. A cut batch at the end is ignored, and so is
    // everything from the first batch on whose epoch is above `epoch_limit` (KAFKA-18723); the
    // caller has checked their CRCs. OFFSET_OUT_OF_RANGE when they do not begin at or after the log
    // end; AppendInfo with kNoOffset when nothing was left to append.
    Result<AppendInfo> append_as_follower(ByteView batches, LogTime now,
                                          std::optional<LeaderEpoch> epoch_limit = std::nullopt);

    // A leader's epoch begins at `start` (the log end) though nothing is written in it yet.
    Status assign_epoch_start(LeaderEpoch epoch, Offset start);

    // Seals the active segment and begins the next one at the log end.
    Status roll(LogTime now);

    // --- Reading ---

    // A range of one segment's file, beginning with the batch that holds `from` (or the next one
    // after it) and not passing the first batch at or above `bound`. Reads index and batch headers
    // at most. CORRUPT_MESSAGE when `from` is in bytes that are known to be damaged. Empty when
    // nothing is below the bound, or when the first batch is longer than
    // `max_bytes` and `first` does not ask for it. OFFSET_OUT_OF_RANGE unless log_start_offset <=
    // from <= log_end_offset.
    Result<ReadResult> read(Offset from, std::uint64_t max_bytes, FirstBatch first,
                            Offset bound) const;
    // What check() found of a read's unchecked batches: damage is taken down, so that it is never
    // given out. CORRUPT_MESSAGE when the slice begins with it; else the slice ends before it.
    Status note_checked(ReadResult& read, const UncheckedBatches::Outcome& outcome);
    // Builds anew the indexes that were found to lie.
    Status repair_indexes();
    // Where the first batch at or above `offset` begins; the end of the log when there is none.
    Result<LogPosition> position_of(Offset offset) const;
    // Bytes between two positions of this log, 0 when `to` is not behind `from`.
    std::uint64_t bytes_between(LogPosition from, LogPosition to) const;

    // The first record at or after the log start whose timestamp is >= `timestamp`. Decodes one
    // batch with the caller's codecs.
    Result<std::optional<TimestampedOffset>> offset_for_timestamp(TimestampMs timestamp,
                                                                  Codecs& codecs) const;
    // The first record that carries the largest timestamp of the log.
    Result<std::optional<TimestampedOffset>> offset_of_max_timestamp(Codecs& codecs) const;

    // Where `epoch` ended here: (largest known epoch <= epoch, start of the one after it), the log
    // end for the current one. (storage/.../LeaderEpochFileCache.java, endOffsetFor)
    EpochEndOffset epoch_end_offset(LeaderEpoch epoch) const;
    std::optional<LeaderEpoch> latest_epoch() const;
    std::optional<LeaderEpoch> epoch_at(Offset offset) const;
    const std::vector<EpochEntry>& epochs() const;

    Offset log_start_offset() const;
    Offset log_end_offset() const;
    LogPosition end_position() const;
    std::uint64_t size_bytes() const;
    std::size_t segment_count() const;
    Offset active_segment_base() const;
    const std::string& directory() const;
    const LogSettings& settings() const;
    const RecoveryReport& recovery_report() const;

    // --- Transactions ---

    // May the end of a transaction be appended? TRANSACTION_COORDINATOR_FENCED,
    // INVALID_PRODUCER_EPOCH. Changes nothing. (storage/.../ProducerAppendInfo.java)
    Status check_marker(const TransactionEnd& end) const;
    // Has this very epoch of the producer a transaction open here?
    bool has_open_transaction(ProducerId id, ProducerEpoch epoch) const;

    // First offset of the earliest transaction that is open, or ended above the high watermark.
    std::optional<Offset> first_unstable_offset() const;
    // Ended transactions below it no longer hold back the last stable offset.
    void on_high_watermark(Offset high_watermark);
    // Transactions aborted by a marker at or after `from` that began below `bound`, by last offset.
    Result<std::vector<AbortedTransaction>> aborted_transactions(Offset from, Offset bound) const;
    // An offset that no batch of the slice reaches: the bound for aborted_transactions().
    Result<Offset> upper_bound_of(const ReadResult& read) const;

    // Producers with neither an open transaction nor a write since producer.id.expiration.ms.
    void expire_producers(TimestampMs now);
    std::size_t producer_count() const;
    const ProducerState& producers() const;

    // --- Durability ---

    // Everything below is on the device.
    Offset synced_offset() const;
    // What the recovery-point checkpoint may say: everything below, indexes and epochs included, is
    // on the device.
    Offset recovery_point() const;
    // Bytes appended above the recovery point since this log was opened.
    std::uint64_t unsecured_bytes() const;
    // What has not reached the device yet; empty when all has. Several plans for data may be under
    // way, each covers all before it; one for everything is marked before the next is taken.
    Result<SyncPlan> take_unsynced(SyncScope scope);
    // After a plan has run. One of an earlier generation (before a truncation) changes nothing.
    void mark_synced(const SyncPlan& plan);
    // A plan failed: what was written may be gone whatever a retry says, so appends are refused
    // from now on. Only when the disk had no room for a checkpoint all goes on as before.
    void mark_failed(const Error& error);
    // Why appends are refused, if they are.
    const std::optional<Error>& broken() const;
    // take_unsynced, run and mark_synced in one: for logs whose every append waits for the device.
    Status sync(SyncScope scope);
    // A range of the active segment of at least `min_bytes` that was written but not yet pushed
    // out.
    Result<WritebackPlan> take_writeback(std::uint64_t min_bytes);

    // --- Compaction (log/cleaner/cleaning.h says how the steps go together) ---

    // Everything below has been compacted once: what the cleaner-offset checkpoint says.
    Offset cleaned_to() const;
    // What could be compacted now. `last_stable`: at or below the high watermark.
    Result<CleanRange> clean_range(Offset last_stable, TimestampMs now) const;
    Result<CleaningPlan> plan_cleaning(Offset last_stable, LogTime now) const;
    // Puts a cleaned segment in the place of those that it was made from. Readers of those go on.
    // False: the log has changed there meanwhile (retention, truncation), discard it.
    // KAFKA_STORAGE_ERROR: discard it too.
    Result<bool> swap_cleaned(const CleanedSegment& cleaned, LogTime now);
    // After a whole round of a plan of that generation.
    void mark_cleaned(Offset up_to, std::uint64_t generation);

    // --- Cutting ---

    // Removes every batch that reaches `offset` or beyond, so the log ends at `offset`, or before
    // it where a batch began that reached beyond. At its end only epochs without records go.
    Status truncate_to(Offset offset, LogTime now);
    // Removes everything; the next append gets `offset`.
    Status truncate_fully_and_start_at(Offset offset, LogTime now);
    // Nothing below `offset` (<= high watermark) is readable any more; no effect downwards.
    // Segments that are wholly below go with the next delete_old_segments.
    Status advance_log_start_offset(Offset offset);
    // Retention: removes whole segments from the oldest on, never past the high watermark. Their
    // files get the suffix .deleted and vanish with remove_deleted_files. How many went.
    Result<std::size_t> delete_old_segments(Offset high_watermark, LogTime now);
    // Files marked .deleted at least file.delete.delay.ms ago, to be removed without the lock; what
    // could not be removed comes back.
    RemovalPlan take_deleted(MonoTime now);
    void put_back(RemovalPlan plan, MonoTime now);
    // Both at once, for who has no lock.
    Status remove_deleted_files(MonoTime now);

    void update_settings(const LogSettings& settings);
    // What only a log that is appended to needs goes; it comes back with the next append.
    Status give_back_memory();

    // Syncs everything, trims the indexes, writes a producer snapshot: after it, and once the
    // checkpoints and the marker are written, the log opens without a scan. Only destruction
    // follows.
    Status close(LogTime now);

    // Aborts when state that must agree does not.
    void check_invariants() const;

    struct State;  // log_state.h; for the implementation only

  private:
    explicit PartitionLog(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace milena::log
