// partition.metadata: which topic a partition directory belongs to, so that a topic created anew
// under an old name never sees old records.
//
//   "version: 0\ntopic_id: <uuid>"    no newline at the end; replaced atomically
#pragma once

#include "log/disk.h"
#include "protocol/base/ids.h"

#include <optional>
#include <string>

namespace milena::log {

// nullopt: there is none, the directory was made but never used.
Result<std::optional<TopicId>> read_partition_metadata(Disk& disk, const std::string& directory);
// Durable when it returns.
Status write_partition_metadata(Disk& disk, const std::string& directory, TopicId topic_id);

}  // namespace milena::log
