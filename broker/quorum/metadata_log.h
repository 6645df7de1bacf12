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
#include "replication/raft/raft.h"

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

    // The raft machine's beginning, but for the voters that stand in the log.
    raft::Found found() const;

    // The latest snapshot, if there is one; the offset at which the log goes on.
    Result<Offset> replay_snapshot(metadata::BatchVisitor& visitor) const;
    // The batches of the log in [from, to); both are the beginning of a batch, or the end.
    Status replay_log(Offset from, Offset to, metadata::BatchVisitor& visitor) const;

    // Not yet durable. When one of them fails and broken() is not set, the log is as it was.
    Status append(const raft::Append& batch, log::LogTime now);
    Status append(const raft::AppendFetched& batches, log::LogTime now);
    Status truncate(Offset end, log::LogTime now) { return log_->truncate_to(end, now); }
    // Batches for another replica.
    Result<std::vector<std::uint8_t>> read(const raft::ReadLog& range) const;
    // Everything that was appended.
    Status sync();
    Status close(log::LogTime now) { return log_->close(now); }

    Offset end() const { return log_->log_end_offset(); }
    const std::optional<Error>& broken() const { return log_->broken(); }

    // Bytes of log since the latest snapshot, or since the beginning.
    std::uint64_t bytes_since_snapshot() const;
    // Writes a snapshot of `image`, which is that of its provenance's end; its size in bytes.
    Result<std::uint64_t> write_snapshot(const metadata::Image& image, const raft::VoterSet& voters,
                                         log::LogTime now);
    // Drops the snapshots before this one, and the log before its end.
    Status trim_to(const SnapshotId& id, log::LogTime now);
    Result<std::vector<std::uint8_t>> read(const raft::ReadSnapshot& range) const;

    // A snapshot that comes from another replica, chunk by chunk.
    Status write_chunk(const raft::SnapshotChunk& chunk);
    // All chunks are written: reads the whole of it through `visitor`, then lets it take the place
    // of the log. INVALID_RECORD when it is no snapshot: it is dropped. Its size in bytes.
    Result<std::uint64_t> load_snapshot(const SnapshotId& id, metadata::BatchVisitor& visitor,
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
    std::vector<raft::SnapshotOnDisk> snapshots_;  // ascending
};

}  // namespace milena::quorum
