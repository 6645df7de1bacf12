// The files of the metadata quorum: the directory __cluster_metadata-0 with its log, quorum-state
// and snapshots.
//
//   <20 digits>.log .index .timeindex     as of any partition
//   leader-epoch-checkpoint, partition.metadata   as of any partition; the topic id is 00..01
//   quorum-state                          JSON, see replication/raft/election_state.h
//   <end offset>-<epoch>.checkpoint       a snapshot: see snapshot_file.h
//
// Driven by Quorum, one call at a time. Nothing here decides; what is written is on disk when the
// call that says so returns.
#pragma once

#include "broker/quorum/snapshot_file.h"
#include "log/partition_log.h"
#include "replication/metadata/batch_walk.h"
#include "replication/raft/io.h"

#include <memory>
#include <optional>
#include <string>

namespace milena::quorum {

// Of __cluster_metadata (clients/.../common/Uuid.java, METADATA_TOPIC_ID).
inline constexpr TopicId kMetadataTopicId{Uuid{0, 1}};

class MetadataLog {
  public:
    // Makes the directory with its partition.metadata when missing. INCONSISTENT_TOPIC_ID when it
    // belongs to another topic, KAFKA_STORAGE_ERROR when it cannot be read. A damaged snapshot is
    // set aside (.damaged) when the one before it and the log lead to the same state.
    static Result<std::unique_ptr<MetadataLog>> open(log::Disk& disk,
                                                     const std::string& data_directory,
                                                     const log::LogSettings& settings,
                                                     log::LogTime now);

    // What quorum-state says; the initial state when there is no such file.
    const raft::ElectionState& election() const { return election_; }
    Status write_election(const raft::ElectionState& election, const raft::VoterSet& voters);

    // The latest snapshot, if there is one, then the log from its end on, or from its beginning.
    Status replay(metadata::BatchVisitor& visitor);

    // Not yet durable. When it fails and broken() is not set, the log is as it was.
    Status append(const raft::Append& batch, log::LogTime now);
    // Everything that was appended.
    Status sync();
    Status close(log::LogTime now) { return log_->close(now); }

    Offset end() const { return log_->log_end_offset(); }
    LeaderEpoch last_epoch() const;
    const std::optional<Error>& broken() const { return log_->broken(); }

    // Bytes of log since the latest snapshot, or since the beginning.
    std::uint64_t bytes_since_snapshot() const;
    // Writes a snapshot of `image`, which is that of its provenance's end; then drops the snapshots
    // before the one that was latest until now, and the log before that one.
    Status write_snapshot(const metadata::Image& image, const raft::VoterSet& voters,
                          log::LogTime now);

  private:
    MetadataLog(log::Disk& disk, std::string directory) : disk_(disk), directory_(directory) {}
    Status read_election();
    Status find_snapshots();
    struct DamagedSnapshot {
        SnapshotId id;
        Error error;
    };
    Result<std::vector<DamagedSnapshot>> drop_damaged_snapshots();
    Status set_aside(const std::vector<DamagedSnapshot>& damaged);

    log::Disk& disk_;
    std::string directory_;
    std::unique_ptr<log::PartitionLog> log_;
    raft::ElectionState election_;
    std::vector<SnapshotId> snapshots_;  // ascending
};

}  // namespace milena::quorum
