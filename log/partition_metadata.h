// partition.metadata: which topic a partition directory belongs to, so that a topic created anew
// under an old name never sees old records.
//
//   "version: 0\ntopic_id: <uuid>"    no newline at the end
//
// Of a new partition it is first written beside, as partition.metadata.new, without a sync: that
// outlives the process. The first sync of the partition's log makes it durable under its own name,
// so that nothing acknowledged is in a directory without it, and a partition.metadata that cannot
// be read is damage.
#pragma once

#include "log/disk.h"
#include "protocol/base/ids.h"

#include <optional>
#include <string>
#include <string_view>

namespace milena::log {

// The name of what begin_partition_metadata leaves until it is settled.
bool is_unsettled_metadata(std::string_view file_name);

// nullopt: there is none, so nothing in the directory was ever acknowledged by the device.
Result<std::optional<TopicId>> read_partition_metadata(Disk& disk, const std::string& directory);
// Durable when it returns.
Status write_partition_metadata(Disk& disk, const std::string& directory, TopicId topic_id);
// Not durable.
Status begin_partition_metadata(Disk& disk, const std::string& directory, TopicId topic_id);
// What the other has begun, if it has, is durable when the directory has been synced after this.
Status settle_partition_metadata(Disk& disk, const std::string& directory);

}  // namespace milena::log
