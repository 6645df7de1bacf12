// The checkpoint files of a data directory and of a partition: text, replaced atomically.
//
//   line 1      version, 0
//   line 2      number of entries
//   then each   "<topic> <partition> <offset>"     offset checkpoints (data directory)
//               "<epoch> <start offset>"           leader-epoch-checkpoint (partition)
//
// A missing file and one of no bytes (Kafka makes those) have no entries. A malformed file is an
// error (never ignored: a log opened without its recovery point or start offset would show removed
// data again).
#pragma once

#include "log/disk.h"
#include "log/layout.h"
#include "protocol/base/ids.h"

#include <map>
#include <string>
#include <vector>

namespace milena::log {

using OffsetCheckpoint = std::map<TopicPartition, Offset>;

Result<OffsetCheckpoint> read_offset_checkpoint(Disk& disk, const std::string& path);
std::string offset_checkpoint_text(const OffsetCheckpoint& offsets);

struct EpochEntry {
    LeaderEpoch epoch;
    Offset start_offset;

    friend bool operator==(const EpochEntry&, const EpochEntry&) = default;
};

// Ascending in both columns, or it is malformed.
Result<std::vector<EpochEntry>> read_epoch_checkpoint(Disk& disk, const std::string& path);
std::string epoch_checkpoint_text(const std::vector<EpochEntry>& entries);

}  // namespace milena::log
