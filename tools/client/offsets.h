// Positions in a topic: its ends, and the first offset at or after a time.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "tools/client/cluster.h"

#include <cstdint>
#include <map>
#include <string>

namespace milena::client {

enum class Isolation : std::int8_t { read_uncommitted = 0, read_committed = 1 };

// Special "times" of ListOffsets.
inline constexpr TimestampMs kLatest{-1};
inline constexpr TimestampMs kEarliest{-2};

// For each partition the offset that its time means; -1 when no record is that young. Asks the
// leaders, and again with fresh metadata while they move, until `deadline`.
Result<std::map<PartitionIndex, Offset>> list_offsets(Cluster& cluster, const std::string& topic,
                                                      std::map<PartitionIndex, TimestampMs> wanted,
                                                      Isolation isolation, MonoTime deadline);

}  // namespace milena::client
