// What a PartitionLog is made of; shared by the files that implement its verbs (partition_log.cc,
// log_append.cc, log_read.cc, log_cut.cc, log_sync.cc) and by recovery. Not for users of the log.
#pragma once

#include "log/epoch_cache.h"
#include "log/partition_log.h"
#include "log/producer_state.h"
#include "log/segment.h"
#include "log/snapshot_files.h"
#include "protocol/base/random.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milena::log {

struct PartitionLog::State {
    // `files` may be null: then the log has a small cache of its own.
    State(Disk& disk, std::string directory, const LogSettings& with, FileCache* files,
          std::uint64_t random_seed)
        : own_files(files == nullptr ? std::make_unique<FileCache>(kOwnFiles) : nullptr),
          place{disk, std::move(directory), files == nullptr ? *own_files : *files},
          settings(with),
          snapshots(place, {}),
          random(random_seed) {}
    static constexpr std::size_t kOwnFiles = 32;

    // Files that carry the suffix .deleted and wait for their time.
    struct Doomed {
        MonoTime since;
        std::vector<std::string> paths;
    };

    std::unique_ptr<FileCache> own_files;
    LogPlace place;
    LogSettings settings;
    std::vector<std::unique_ptr<Segment>> segments;  // ascending; never empty once opened
    EpochCache epochs;
    ProducerState producers;
    SnapshotFiles snapshots;

    Offset log_start_offset{0};
    Offset log_end_offset{0};
    Offset synced_offset{0};
    Offset recovery_point{0};
    Offset cleaned_to{0};  // everything below has been compacted once

    bool directory_unsynced = false;  // a segment was made since the directory was synced
    // The directory itself may be unknown to the device, or that it holds partition.metadata.
    bool newborn = false;
    // Log end and generation when the log was opened after it had been closed well; as long as they
    // hold, closing it again has nothing to write.
    std::optional<std::pair<Offset, std::uint64_t>> as_closed;
    std::uint64_t epochs_on_disk = 0;  // version of `epochs` that the file is known to hold
    std::uint64_t generation = 0;      // counts truncations
    std::uint64_t written_back = 0;    // of the active segment
    std::uint64_t appended_bytes = 0;  // since the log was opened
    std::uint64_t secured_bytes = 0;   // of them, below the recovery point
    std::optional<Error> broken;
    RecoveryReport report;
    SeededRandom random;
    std::vector<Doomed> doomed;
    std::size_t too_many_producers = 0;  // forget some above this; 0: above the setting

    Segment& active() { return *segments.back(); }
    const Segment& active() const { return *segments.back(); }
    // Index of the last segment whose base is at or below `offset`; 0 when all are above.
    std::size_t floor_segment(Offset offset) const;
    // Base of the next segment, or the log end.
    Offset end_of(std::size_t segment) const;

    // Adds an empty segment at `base`, without sealing the one before.
    Status add_segment(Offset base, TimestampMs now);
    // Gives the files of a segment the suffix .deleted; it is no longer part of the log. Refused,
    // it still is.
    Status doom(std::size_t segment, MonoTime now);
    // Keeps to the bound on producers, in steps: they are looked through once for many.
    void bound_producers();
    Status refuse_if_broken() const;
    // Passes `result` on; an error that does not heal by itself (disk full, no descriptors) breaks
    // the log.
    Status note(Status result);
    // As note(), but any error breaks the log: it came in the middle of a cut, and what is in
    // memory may no longer say what is on disk.
    Status note_cut(Status result);
};

}  // namespace milena::log
