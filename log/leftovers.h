// What a crash or an unfinished removal left in a partition's directory, put in order before the
// segments are opened.
//
// Rules, in this order (storage/.../LogLoader.java):
//   0  .tmp goes: a file that was to be replaced
//   1  .deleted goes
//   2  .cleaned goes: the cleaner had not finished; so does a .swap whose base is at or above that
//      of any .cleaned (the split it belonged to had not finished either)
//      an index .swap without its .log.swap goes too
//   3  .swap is complete: plain segments that begin within the offsets of the .swap segments were
//      its input and go, then every .swap takes its plain name
//   4  an index without its .log goes
// After a crash at any point between them the same rules give the same result; where it needs that
// one removal is on the device before the next change, the directory is synced.
#pragma once

#include "log/file_handle.h"
#include "log/segment.h"

#include <map>
#include <vector>

namespace milena::log {

struct PartitionFiles {
    std::map<Offset, SegmentFiles> segments;
    std::vector<Offset> snapshots;
    // The directory itself may not be on the device yet: no sync of its log has settled it.
    bool unsettled = false;
};

// `report` counts what was removed.
Result<PartitionFiles> tidy_partition_directory(const LogPlace& place, RecoveryReport& report);

}  // namespace milena::log
