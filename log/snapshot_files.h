// The producer snapshots of one partition: at the base of every segment, and at the log end when it
// was closed. Written without a sync (a checksum tells a torn one); a SyncPlan makes them durable.
#pragma once

#include "log/file_handle.h"
#include "log/producer_state.h"

#include <memory>
#include <optional>
#include <vector>

namespace milena::log {

class SnapshotFiles {
  public:
    // `found`: offsets of the files that are there.
    SnapshotFiles(const LogPlace& place, std::vector<Offset> found);

    // Writes the state under its end offset, unless a snapshot of it or a later one is there, or
    // the log begins there, so that there is nothing to remember.
    Status write(const ProducerState& state, Offset log_start_offset);
    // The newest sound snapshot at or below `at_most`, without producers that have expired by
    // `now`; the state's end offset is that of the snapshot. False: there is none, the state is
    // empty. Removes those that are damaged.
    Result<bool> load(Offset at_most, TimestampMs now, Millis expiration, ProducerState& into);

    std::optional<Offset> latest() const;
    // True when some were removed.
    Result<bool> remove_above(Offset offset);
    Result<bool> remove_below(Offset offset);
    // Those that belong to none of the segments, but for one beyond them all (of the last close).
    Status remove_stray(const std::vector<Offset>& segment_bases);
    // Renames to .deleted those below `offset`; the paths they have now, for removal later.
    Result<std::vector<std::string>> mark_deleted_below(Offset offset);
    // The same for these.
    Result<std::vector<std::string>> mark_deleted(const std::vector<Offset>& offsets);

    bool all_synced() const { return unsynced_.empty(); }
    // Opens the snapshots that are not known to be on the device, for a sync.
    Status collect_unsynced(std::vector<std::shared_ptr<File>>& files) const;
    void mark_synced_up_to(Offset offset);

  private:
    FileHandle handle(Offset offset) const;
    template <class Gone>
    Result<bool> remove_if(Gone gone);
    template <class Gone>
    Result<std::vector<std::string>> mark_deleted_if(Gone gone);

    const LogPlace* place_;
    std::vector<Offset> offsets_;  // ascending
    std::vector<Offset> unsynced_;
};

}  // namespace milena::log
