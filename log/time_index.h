// <base>.timeindex: sparse map from timestamps to offsets of a segment.
//
//   0  int64  timestamp                 largest timestamp of the segment up to here
//   8  int32  offset - base offset      last offset of the batch that carries it
//
// Invariant: timestamps ascend strictly, offsets never descend.
#pragma once

#include "log/index_file.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <optional>

namespace milena::log {

struct IndexedTimestamp {
    TimestampMs timestamp;
    Offset offset;

    friend bool operator==(const IndexedTimestamp&, const IndexedTimestamp&) = default;
};

class TimeIndex {
  public:
    static constexpr std::size_t kEntryBytes = 12;

    TimeIndex(const LogPlace& place, Offset base, std::uint64_t file_bytes);

    // Reads the last entry of a file that had some; before the first append.
    Status load_last();
    // Appends unless the last entry's timestamp is as late already.
    void maybe_append(IndexedTimestamp entry);
    // One entry of room is kept for the one that sealing the segment forces.
    bool is_full(std::uint32_t max_bytes) const {
        return file_.size() + 1 >= max_bytes / kEntryBytes;
    }

    // The last entry at or before `timestamp`; (-1, base) when there is none.
    Result<IndexedTimestamp> lookup(TimestampMs timestamp) const;
    Result<std::optional<IndexedTimestamp>> last() const;
    Result<IndexedTimestamp> entry(std::size_t index) const;
    Status reset();
    // See IndexFile::begin_replacement.
    void begin_replacement();
    // Keeps the first `entries`.
    Status keep(std::size_t entries);
    // Drops entries whose offset is at or above `offset`.
    Status truncate_to(Offset offset);

    IndexFile& file() { return file_; }
    const IndexFile& file() const { return file_; }

  private:
    Offset base_;
    IndexFile file_;
    bool last_known_;
    TimestampMs last_timestamp_ = kNoTimestamp;  // of the last entry, once known
};

}  // namespace milena::log
