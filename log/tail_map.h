// Where the most recent batches of the active segment are, so that a reader at the end of the log
// costs no lookup on disk. Grows with the appends, gives its memory back when the log is idle.
//
// Invariant: entries ascend in offset and position, and no batch lies between two neighbours or
// behind the last.
#pragma once

#include "log/batch_scan.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena::log {

class TailMap {
  public:
    static constexpr std::size_t kEntries = 32;

    void push(const BatchHead& head) {
        // Every kEntries / 2 appends the older half moves out: cheaper than a ring to search.
        if (entries_.size() == kEntries) {
            entries_.erase(entries_.begin(), entries_.begin() + kEntries / 2);
        }
        entries_.push_back({head.base_offset, head.last_offset, head.position, head.size});
    }
    void clear() { std::vector<Entry>().swap(entries_); }

    // The first batch whose last offset is at or above `offset`, if it is certain to be among
    // these.
    std::optional<BatchHead> find(Offset offset) const {
        if (entries_.empty() || offset < entries_.front().base_offset) return std::nullopt;
        const auto found = std::ranges::lower_bound(entries_, offset, {}, &Entry::last_offset);
        if (found == entries_.end()) return std::nullopt;
        BatchHead head;
        head.base_offset = found->base_offset;
        head.last_offset = found->last_offset;
        head.position = found->position;
        head.size = found->size;
        return head;
    }

  private:
    struct Entry {
        Offset base_offset;
        Offset last_offset;
        std::uint64_t position = 0;
        std::uint64_t size = 0;
    };
    std::vector<Entry> entries_;
};

}  // namespace milena::log
