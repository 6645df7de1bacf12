// One data directory (an entry of log.dirs): who owns it, which partitions are in it, whether it
// was shut down cleanly, its checkpoints.
//
// Driven by broker/replica: open, scan, load every partition, begin, then remove what is due from
// time to time, close. What is const touches nothing shared and may run on several threads at once;
// all other functions are called by one thread at a time.
#pragma once

#include "log/checkpoint.h"
#include "log/layout.h"
#include "log/log_types.h"
#include "log/partition_log.h"
#include "protocol/base/random.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace milena::log {

struct Checkpoints {
    OffsetCheckpoint recovery_points;    // recovery-point-offset-checkpoint
    OffsetCheckpoint log_start_offsets;  // log-start-offset-checkpoint
    OffsetCheckpoint high_watermarks;    // replication-offset-checkpoint
    OffsetCheckpoint cleaned_to;         // cleaner-offset-checkpoint, of compacted partitions
};

// Written into a fresh directory, compared with what a used one says (read_meta_properties tells
// without opening).
struct LogDirIdentity {
    std::string cluster_id;
    BrokerId node_id = kNoBroker;
};

// What the name of a directory and the checkpoints say; nothing in it has been looked at.
struct FoundPartition {
    TopicPartition id;
    Offset recovery_point{0};
    Offset log_start_offset{0};
    Offset high_watermark{0};
    Offset cleaned_to{0};
};

class LogDir {
  public:
    // Makes the directory when missing, locks it, reads or writes meta.properties. INCONSISTENT_
    // CLUSTER_ID or INVALID_CONFIG when it belongs to another cluster or node.
    // `files`: see OpenOptions.
    static Result<std::unique_ptr<LogDir>> open(Disk& disk, std::string path,
                                                const LogDirIdentity& identity, Random& random,
                                                FileCache* files = nullptr);
    ~LogDir();
    LogDir(const LogDir&) = delete;
    LogDir& operator=(const LogDir&) = delete;

    const std::string& path() const;
    DirectoryId id() const;
    const std::string& cluster_id() const;
    Shutdown shutdown() const;                                 // how the last owner left it
    std::optional<BrokerEpoch> previous_broker_epoch() const;  // from the clean-shutdown marker

    // Every partition directory, ordered. Directories marked -delete are due at once;
    // -future and -stray ones, the metadata log, and names that are no partition are left alone.
    Result<std::vector<FoundPartition>> scan(LogTime now);
    // Whose it is: before load(). nullopt: a crash came before that was written.
    Result<std::optional<TopicId>> topic_id_of(const TopicPartition& partition) const;
    Result<std::unique_ptr<PartitionLog>> load(const FoundPartition& found,
                                               const LogSettings& settings, LogTime now) const;
    // About how much load() would have to read after an unclean shutdown: segments from the
    // recovery point on that were written to since the checkpoint was. 0 also when that cannot be
    // told: load() finds out by itself.
    std::uint64_t bytes_to_recover(const FoundPartition& found) const;
    // Is there any byte in its segments?
    Result<bool> holds_records(const TopicPartition& partition) const;

    // From here on the directory counts as in use: removes the clean-shutdown marker and syncs.
    // Must come before the first append to any of its logs.
    Status begin();

    // Makes the directory with its partition.metadata, durable with the first sync of the log.
    Result<std::unique_ptr<PartitionLog>> create(const TopicPartition& partition, TopicId topic_id,
                                                 const LogSettings& settings, LogTime now) const;
    // Renames to "...-delete" (durable) and forgets; the files are due after the delay.
    // The PartitionLog must be gone or never used again. Fine when there is no directory.
    Status remove(const TopicPartition& partition, Millis file_delete_delay, LogTime now);
    // Renames to "...-stray": found here, but not this node's according to the metadata.
    Status mark_stray(const TopicPartition& partition);
    // Directories that are due to be removed. Removing files takes the kernel long, so that needs
    // no lock of the caller: at most `max_files`, and what is gone goes off the list. The rest
    // comes back.
    std::vector<std::string> take_due(LogTime now);
    Status remove_due(std::vector<std::string>& due, std::size_t max_files) const;
    void put_back(std::vector<std::string> due, LogTime now);

    // Each atomically replaced if it changed. The maps hold the partitions of this directory.
    Status write_checkpoints(const Checkpoints& checkpoints);
    // Takes the lines of those of these that are gone out of the checkpoints on disk: as they were,
    // they would be taken for those of new logs that are about to be made under the same names.
    Status forget_checkpoints(const std::set<TopicPartition>& partitions);
    // Fails when the directory cannot be written to and read any more.
    Status probe() const;
    Result<DiskSpace> space() const;
    // Of all logs that were opened through this object.
    const DamageCounts& damage() const;

    // Every log of this directory has been closed: final checkpoints, then the marker.
    Status close(const Checkpoints& checkpoints, BrokerEpoch broker_epoch);

  private:
    struct State;
    explicit LogDir(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace milena::log
