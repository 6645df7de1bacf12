// One segment: a .log file of batches and its three indexes.
//
// Invariants: size() bytes of the file are whole batches with ascending offsets from base() on
// (what a failed write left behind them is never read and cut before the next write); index entries
// point at batches below size(); only the last segment of a log is appended to.
#pragma once

#include "log/batch_scan.h"
#include "log/byte_ranges.h"
#include "log/file_handle.h"
#include "log/log_types.h"
#include "log/offset_index.h"
#include "log/tail_map.h"
#include "log/time_index.h"
#include "log/txn_index.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena::log {

// Lengths as found on disk; nullopt: there is no such file.
struct SegmentFiles {
    std::uint64_t log = 0;
    std::optional<std::uint64_t> offset_index;
    std::optional<std::uint64_t> time_index;
    std::optional<std::uint64_t> txn_index;
    TimestampMs modified;
};

// How indexes are built anew. durable: as replaced files, on the device when it is done, for a
// segment that no later start will doubt.
enum class Rebuild : std::uint8_t { in_place, durable };

class Segment {
  public:
    // Makes the .log file; nothing is durable yet.
    static Result<std::unique_ptr<Segment>> create(const LogPlace& place, Offset base,
                                                   Millis jitter, TimestampMs now,
                                                   FileSuffix suffix = FileSuffix::none);
    // One that is there; opens nothing.
    Segment(const LogPlace& place, Offset base, const SegmentFiles& found, TimestampMs now);

    Offset base() const { return base_; }
    std::uint64_t size() const { return size_; }
    Millis jitter() const { return jitter_; }
    TimestampMs created() const { return created_; }
    TimestampMs modified() const { return modified_; }
    // Largest timestamp of its records, or when it was last written if they have none.
    Result<TimestampMs> largest_timestamp() const;
    // With the last offset of the batch that carries it; (-1, base) when there is none.
    Result<IndexedTimestamp> max_timestamp() const;
    Result<TimestampMs> first_batch_timestamp() const;
    // Are the index files there and of whole entries? What is in them is not looked at.
    bool index_lengths_sane(const SegmentFiles& found) const;
    bool indexes_full(std::uint32_t max_index_bytes) const;

    // --- Appending; the last segment only ---

    // Reads what appending needs to know: once after opening.
    Status prepare_for_append();
    // Whole checked batches whose offsets follow. On failure the segment is as before; a failure
    // to make it so has IoCause::broken.
    Status append(ByteView batches, const LogSettings& settings, TimestampMs now);
    void add_aborted(const AbortedTransaction& aborted);
    // No more appends: the last time index entry, indexes written out, surplus blocks given back.
    Status seal();
    // Indexes hold everything on disk (not yet on the device).
    Status flush_indexes();

    // --- Reading ---

    // The first batch whose last offset is at or above `offset`; nullopt: none here.
    // Passes over damaged bytes: damage_ends_at() tells whether the offset may have been in them.
    Result<std::optional<BatchHead>> find(Offset offset);
    Result<std::shared_ptr<File>> share_log() const { return log_.get(); }
    struct End {
        Offset offset;  // after the last batch; base() when there is none
        std::uint64_t position = 0;
    };
    // The end of the last whole batch, found from the last index entry on. CORRUPT_MESSAGE.
    Result<End> read_end();
    // Batches from `position` on, for next_sound().
    BatchScanner scan_from(const File& file, std::uint64_t position, std::size_t window) const;
    // The next batch. What is no batch, or has offsets that cannot be there, is taken down as
    // damage, and the walk goes on behind it.
    Result<std::optional<BatchHead>> next_sound(BatchScanner& scanner, Offset least);
    // An offset above all batches that begin before `position`, as far as the index knows.
    Result<std::optional<Offset>> offset_bound_at(std::uint64_t position) const;

    // --- Damage and checks (segment_damage.cc) ---

    // The batch at `position` is not what was written: finds where sound ones go on (`least`: the
    // offset that must follow), takes the range down and reports it.
    Status take_down_damage(std::uint64_t position, Offset least);
    // Of which the caller knows the end.
    void take_down_damage(std::uint64_t begin, std::uint64_t end);
    bool is_damaged() const { return !damage_.empty(); }
    bool damage_ends_at(std::uint64_t position) const { return damage_.ends_at(position); }
    // Where the first damaged range behind `position` begins, or the segment ends.
    std::uint64_t sound_until(std::uint64_t position) const;
    // Since the log was opened, has each byte been written or its checksum been checked?
    bool is_checked(std::uint64_t begin, std::uint64_t end) const;
    void mark_checked(std::uint64_t begin, std::uint64_t end);
    // An index entry has been met that does not point to its batch.
    bool index_is_suspect() const { return index_suspect_; }
    // Builds the indexes anew from the batches.
    Status rebuild_indexes(const LogSettings& settings, Rebuild rebuild);

    // --- Cutting, rebuilding, removing ---

    // Removes the batches that reach `offset` or beyond. Where the log then ends: at `offset`, or
    // at the base of a batch that began below it and went too.
    Result<Offset> truncate_to(Offset offset, TimestampMs now);
    // After a crash: keeps what the indexes say of batches below the recovery point and forgets the
    // rest; account() goes on from there, then finish_rebuild. nullopt: they say nothing that can
    // be trusted, and nothing has changed.
    struct Resumption {
        Offset offset;
        std::uint64_t position = 0;
    };
    Result<std::optional<Resumption>> resume(Offset recovery_point);  // segment_resume.cc
    // Empties the indexes (and the txn index too if asked); then account() for every batch in
    // order, then finish_rebuild.
    Status begin_rebuild(bool with_transactions, Rebuild rebuild);
    void account(const BatchHead& head, const LogSettings& settings);
    // `valid_bytes` of the .log stay.
    Status finish_rebuild(std::uint64_t valid_bytes);

    Status mark_deleted();
    Status remove_files();
    std::vector<std::string> paths() const;
    void release_files() const;
    // Index entries that wait are written out, what readers at the end look at is forgotten.
    Status give_back_memory();

    // --- Durability ---

    bool indexes_synced() const { return indexes_synced_; }
    void set_indexes_synced() { indexes_synced_ = true; }
    // Index files that exist, opened, for a sync.
    Status collect_index_files(std::vector<std::shared_ptr<File>>& files) const;

    OffsetIndex& offset_index() { return offset_index_; }
    TimeIndex& time_index() { return time_index_; }
    const OffsetIndex& offset_index() const { return offset_index_; }
    const TimeIndex& time_index() const { return time_index_; }
    TxnIndex& txn_index() { return txn_index_; }
    const TxnIndex& txn_index() const { return txn_index_; }
    const FileHandle& log_file() const { return log_; }

  private:
    std::array<FileHandle*, 4> handles();  // the .log first
    Status write(ByteView bytes);
    void reserve(File& file, std::uint64_t end);
    Result<std::optional<BatchHead>> find_from(const IndexedPosition& from, Offset offset,
                                               bool& index_lies);
    void forget_from(std::uint64_t position);

    Offset base_;
    std::uint64_t size_ = 0;
    std::uint64_t reserved_ = 0;           // blocks exist up to here
    std::uint64_t since_index_entry_ = 0;  // bytes
    Millis jitter_{0};
    TimestampMs created_;
    TimestampMs modified_;
    mutable std::optional<IndexedTimestamp> max_timestamp_;
    mutable std::optional<TimestampMs> first_batch_timestamp_;
    bool indexes_synced_ = true;

    FileHandle log_;
    OffsetIndex offset_index_;
    TimeIndex time_index_;
    TxnIndex txn_index_;
    bool txn_index_exists_ = false;
    bool index_suspect_ = false;
    TailMap tail_;
    DamageCounts* damage_counts_;
    ByteRanges damage_;
    ByteRanges checked_;            // of what was there when the log was opened
    std::uint64_t fresh_from_ = 0;  // what is behind was written since
};

}  // namespace milena::log
