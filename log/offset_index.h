// <base>.index: sparse map from offsets to byte positions of a segment.
//
//   0  int32  offset - base offset      last offset of a batch
//   4  int32  position                  where that batch begins in the .log
//
// Invariant: both columns ascend strictly (the first entry's offset may equal the base offset).
#pragma once

#include "log/index_file.h"
#include "protocol/base/ids.h"

namespace milena::log {

struct IndexedPosition {
    Offset offset;
    std::uint64_t position = 0;

    friend bool operator==(const IndexedPosition&, const IndexedPosition&) = default;
};

class OffsetIndex {
  public:
    static constexpr std::size_t kEntryBytes = 8;

    // `file_bytes`: length of the file, 0 when there is none.
    OffsetIndex(const LogPlace& place, Offset base, std::uint64_t file_bytes);

    // Every later entry has a greater offset. The caller rolls the segment before it is full.
    void append(Offset offset, std::uint64_t position);
    bool is_full(std::uint32_t max_bytes) const { return file_.size() >= max_bytes / kEntryBytes; }

    // The last entry at or below `offset`; (base, 0) when there is none.
    Result<IndexedPosition> lookup(Offset offset) const;
    // The first entry at or behind `position`: its batch and all behind it have offsets beyond
    // everything before. nullopt: none.
    Result<std::optional<IndexedPosition>> first_at_position(std::uint64_t position) const;
    Result<std::optional<IndexedPosition>> last() const;
    Result<IndexedPosition> entry(std::size_t index) const;
    // Drops entries at or above `offset`.
    Status truncate_to(Offset offset);

    IndexFile& file() { return file_; }
    const IndexFile& file() const { return file_; }

  private:
    Offset base_;
    IndexFile file_;
};

}  // namespace milena::log
