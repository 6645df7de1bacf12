// How much clients may still write to one data directory, so that a full disk stops producers and
// nothing else: metadata, deletions and positions of groups write on into the reserve.
//
// Two marks: below `refuse_below` free bytes clients are refused, from `resume_at` on they are not.
// Between two looks at the disk what was let through is counted, so that a fast producer cannot
// take the reserve before anybody looks again.
//
// look() is called by one thread at a time, take() by any.
#pragma once

#include "log/disk.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace milena::replica {

struct RoomMarks {
    std::optional<std::uint64_t> refuse_below;  // nullopt: a twentieth of the disk, but not much
    std::optional<std::uint64_t> resume_at;     // nullopt: half as much again
};

class DiskRoom {
  public:
    enum class Change : std::uint8_t { none, refuses, resumes };

    Change look(const log::DiskSpace& space, const RoomMarks& marks);
    // May `bytes` be written? Counts them, if so.
    bool take(std::uint64_t bytes);
    bool refuses() const { return refuses_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> refuses_ = false;
    // Until the next look; before the first one nothing is known, and nothing refused.
    std::atomic<std::int64_t> left_ = INT64_MAX / 2;
};

}  // namespace milena::replica
