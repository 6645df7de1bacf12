// Snapshots of the metadata log: the state at one offset, in the format of Kafka's .checkpoint
// files.
//
//   <20-digit end offset>-<10-digit epoch>.checkpoint
//   control batch   SNAPSHOT_HEADER (timestamp of the last record contained), with kraft.version 1
//                   then KRAFT_VERSION and KRAFT_VOTERS
//   data batches    metadata records that lead to the state
//   control batch   SNAPSHOT_FOOTER
//
// Offsets inside run from 0 and mean nothing; the epoch is that of the name. Written as .part and
// renamed when complete and synced. Source: raft/.../snapshot/Snapshots.java,
// RecordsSnapshotWriter.java.
#pragma once

#include "log/disk.h"
#include "replication/metadata/batch_walk.h"
#include "replication/metadata/image.h"
#include "replication/raft/messages.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::quorum {

using raft::SnapshotId;

std::string snapshot_name(const SnapshotId& id);
// nullopt: not the name of a complete snapshot.
std::optional<SnapshotId> parse_snapshot_name(std::string_view name);

// Durable when it returns; `image` is that of its provenance.
Status write_snapshot(log::Disk& disk, const std::string& directory, const metadata::Image& image,
                      const raft::VoterSet& voters, TimestampMs now);
// Hands all of it to the visitor. INVALID_RECORD when header or footer are missing: it was not
// written to its end.
Status read_snapshot(log::Disk& disk, const std::string& directory, const SnapshotId& id,
                     metadata::BatchVisitor& visitor);
// The same of a file of any name.
Status read_snapshot_file(log::Disk& disk, const std::string& path,
                          metadata::BatchVisitor& visitor);

}  // namespace milena::quorum
