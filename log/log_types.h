// The words that callers of a partition's log share with it.
#pragma once

#include "log/checkpoint.h"
#include "log/damage_counts.h"
#include "log/disk.h"
#include "log/settings.h"
#include "protocol/base/ids.h"
#include "protocol/base/slice_source.h"
#include "protocol/base/time.h"
#include "protocol/record/control_record.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milena::log {

class FileCache;

// Both clocks at one moment: record timestamps and retention go by the wall, delays by the other.
struct LogTime {
    TimestampMs wall;
    MonoTime mono;
};

// What the clean-shutdown marker said when the data directory was opened.
enum class Shutdown : std::uint8_t { clean, unclean };

struct OpenOptions {
    LogSettings settings;
    Shutdown shutdown = Shutdown::unclean;
    Offset recovery_point{0};    // from the checkpoint: everything below is on the device
    Offset log_start_offset{0};  // from the checkpoint: 0 when it has no line for this partition
    Offset cleaned_to{0};        // from the checkpoint: everything below has been compacted
    LogTime now;
    std::uint64_t random_seed = 0;  // for segment.jitter.ms
    // Shared by all logs of a node, outlives them; null: the log keeps a few files open itself.
    FileCache* files = nullptr;
    DamageCounts* damage = nullptr;  // likewise, if not null
};

// What opening a log found and did.
struct RecoveryReport {
    std::uint64_t scanned_segments = 0;
    std::uint64_t scanned_bytes = 0;
    std::uint64_t rebuilt_indexes = 0;  // of segments that needed no scan otherwise
    std::uint64_t cut_bytes = 0;        // invalid tail, with the segments behind it
    std::uint64_t damaged_batches = 0;  // below the recovery point, kept
    std::uint64_t removed_files = 0;    // leftovers of a crash or of a removal
};

struct AppendInfo {
    Offset first_offset = kNoOffset;
    Offset last_offset = kNoOffset;
    TimestampMs max_timestamp = kNoTimestamp;
    std::uint64_t bytes = 0;
    bool rolled = false;  // a new segment was begun: take_unsynced() soon, so that checkpoints move
};

// A byte in a log: comparable within a log, and within a segment a distance in bytes.
struct LogPosition {
    Offset segment_base = kNoOffset;
    std::uint64_t in_segment = 0;

    friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

// Batches that were on disk when the log was opened and that nobody has looked at since: check()
// them without the lock, then tell the log with note_checked().
struct UncheckedBatches {
    struct Outcome {
        std::uint64_t sound_to = 0;  // where the first damaged batch begins, if one does
        std::optional<std::uint64_t> damaged_at;
    };

    std::shared_ptr<const File> file;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;    // of what is wanted; the batch there is checked to its own end
    std::uint64_t limit = 0;  // of the segment
    std::vector<EpochEntry> epochs;
    Offset segment_base = kNoOffset;
    Offset bound = kNoOffset;      // every offset of the segment is below
    std::uint64_t generation = 0;  // of the log at that time

    Result<Outcome> check() const;
};

struct ReadResult {
    FileSlice slice;                  // whole batches, but for the last one when max_bytes cut it
    Offset first_offset = kNoOffset;  // of the first batch; <= the offset asked for
    LogPosition position;             // of the first batch, also when it is too long to be read
    std::optional<UncheckedBatches> unchecked;
    bool empty() const { return slice.length == 0; }
};

// May a read return more than max_bytes so that it holds one whole batch?
enum class FirstBatch : std::uint8_t { always_whole, within_limit };

struct TimestampedOffset {
    TimestampMs timestamp = kNoTimestamp;
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;

    friend bool operator==(const TimestampedOffset&, const TimestampedOffset&) = default;
};

// (-1, -1) when the log does not know.
struct EpochEndOffset {
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    Offset end_offset = kNoOffset;

    friend bool operator==(const EpochEndOffset&, const EpochEndOffset&) = default;
};

// A batch that this producer has sent before, still among its last five.
struct DuplicateBatch {
    Offset first_offset;
    Offset last_offset;
    TimestampMs timestamp;
};

// Who hands batches to the leader: clients are held to their sequence numbers, coordinators only to
// their epoch.
enum class AppendOrigin : std::uint8_t { client, coordinator };

// What a coordinator wants to write into a partition when a transaction is over.
struct TransactionEnd {
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    TransactionMarker marker;
    // The marker has the epoch after that of the transaction's records (transaction.version 2).
    bool raises_epoch = false;
};

struct AbortedTransaction {
    ProducerId producer_id;
    Offset first_offset;
    Offset last_offset;         // of the abort marker
    Offset last_stable_offset;  // right after the marker was written

    friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;
};

// data: the records themselves, which is what an acknowledgement waits for. everything: also what
// makes the next start cheap (indexes, producer snapshots, leader epochs), which is what lets the
// recovery point move.
enum class SyncScope : std::uint8_t { data, everything };

// What must reach the device so that everything below `up_to` is durable. Taken under the
// partition's lock, run without it, on any thread; then mark_synced under the lock again.
struct SyncPlan {
    struct Replacement {
        std::string path;
        std::string content;
        std::uint64_t version = 0;
    };

    SyncScope scope = SyncScope::data;
    std::vector<std::shared_ptr<File>> files;
    std::optional<Replacement> epochs;  // leader-epoch-checkpoint, written anew
    std::string directory;  // synced after the files when not empty: a file has been created
    // Synced after that when not empty: the directory has been created, and its metadata with it.
    std::string parent;
    Offset up_to = kNoOffset;
    Offset active_base = kNoOffset;    // of the segment that was appended to when the plan was made
    std::uint64_t generation = 0;      // of the log at that time
    std::uint64_t appended_bytes = 0;  // likewise

    bool empty() const { return files.empty() && !epochs && directory.empty(); }
    // A file that cannot be synced fails with IoCause::broken, whatever the reason was.
    Status run(Disk& disk) const;
};

// Dirty pages that should be on their way to the device by now: start_writeback without the lock.
struct WritebackPlan {
    std::shared_ptr<File> file;  // null: nothing to do
    std::uint64_t position = 0;
    std::uint64_t length = 0;

    Status run() const { return file ? file->start_writeback(position, length) : Status{}; }
};

// Files that nothing refers to any more. Run without the partition's lock: the kernel takes a tenth
// of a second to forget a segment of a few hundred megabytes.
struct RemovalPlan {
    std::vector<std::string> paths;

    // Takes what it removed off the list. A file that is gone already counts as removed.
    Status run(Disk& disk);
};

}  // namespace milena::log
