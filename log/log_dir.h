// One data directory (an entry of log.dirs): who owns it, which partitions are in it, whether it
// was shut down cleanly, its checkpoints.
//
// Driven by broker/replica: open, scan, load every partition (load and create touch nothing shared
// and may run on several threads at once), begin, then step from time to time, close. All other
// functions are called by one thread at a time.
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

struct FoundPartition {
    TopicPartition id;
    std::optional<TopicId> topic_id;  // none: the directory was created but never got its metadata
    std::string directory;            // path
    Offset recovery_point{0};
    Offset log_start_offset{0};
    Offset high_watermark{0};
    Offset cleaned_to{0};
};

class LogDir {
  public:
    // Makes the directory when missing, locks it, reads or writes meta.properties. INCONSISTENT_
    // CLUSTER_ID or INVALID_CONFIG when it belongs to another cluster or node.
    static Result<std::unique_ptr<LogDir>> open(Disk& disk, std::string path,
                                                const LogDirIdentity& identity, Random& random);
    ~LogDir();
    LogDir(const LogDir&) = delete;
    LogDir& operator=(const LogDir&) = delete;

    const std::string& path() const;
    DirectoryId id() const;
    const std::string& cluster_id() const;
    Shutdown shutdown() const;                                 // how the last owner left it
    std::optional<BrokerEpoch> previous_broker_epoch() const;  // from the clean-shutdown marker

    // Every partition directory, ordered. Directories marked -delete are removed by step();
    // -future and -stray ones, the metadata log, and names that are no partition are left alone.
    Result<std::vector<FoundPartition>> scan(LogTime now);
    Result<std::unique_ptr<PartitionLog>> load(const FoundPartition& found,
                                               const LogSettings& settings, LogTime now) const;

    // From here on the directory counts as in use: removes the clean-shutdown marker and syncs.
    // Must come before the first append to any of its logs.
    Status begin();

    // Makes the directory with its partition.metadata, durable before it returns.
    Result<std::unique_ptr<PartitionLog>> create(const TopicPartition& partition, TopicId topic_id,
                                                 const LogSettings& settings, LogTime now) const;
    // Renames to "...-delete" (durable) and forgets; the files go with a step() after the delay.
    // The PartitionLog must be gone or never used again.
    Status remove(const TopicPartition& partition, Millis file_delete_delay, LogTime now);
    // Renames to "...-stray": found here, but not this node's according to the metadata.
    Status mark_stray(const TopicPartition& partition);
    // Removes what is due; at most `max_files` files per call.
    Status step(LogTime now, std::size_t max_files);

    // Each atomically replaced if it changed. The maps hold the partitions of this directory.
    Status write_checkpoints(const Checkpoints& checkpoints);
    // Takes the lines of these out of the checkpoints on disk: they spoke of logs that are gone,
    // and new ones are about to be made under the same names.
    Status forget_checkpoints(const std::set<TopicPartition>& partitions);
    Result<DiskSpace> space() const;

    // Every log of this directory has been closed: final checkpoints, then the marker.
    Status close(const Checkpoints& checkpoints, BrokerEpoch broker_epoch);

  private:
    struct State;
    explicit LogDir(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace milena::log
