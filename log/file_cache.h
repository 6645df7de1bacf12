// The open files of many logs, at most so many at once. A handle holds a ticket; when the file
// behind it has been closed for somebody else's sake, the handle opens it again.
//
// Invariants: at most max_open() files are held here; a file that a caller holds (a slice, a sync)
// stays open for as long as he does, held here or not; a ticket never leads to another file than
// the one it was given for.
//
// Closing a file with writes that are not synced loses nothing: the kernel keeps its pages, and
// tells whoever syncs the file next of a write-back that failed meanwhile.
//
// May be used from any thread; who goes is decided by a clock hand in each of several shards.
#pragma once

#include "log/disk.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace milena::log {

class FileCache {
  public:
    class Ticket {
      public:
        bool valid() const { return generation_ != 0; }

      private:
        friend class FileCache;
        std::uint32_t slot_ = 0;
        std::uint32_t generation_ = 0;  // 0: no file
    };

    // `max_open` > 0.
    explicit FileCache(std::size_t max_open);
    FileCache(const FileCache&) = delete;
    FileCache& operator=(const FileCache&) = delete;

    // nullptr: it had to go.
    std::shared_ptr<File> find(Ticket ticket);
    Ticket put(std::shared_ptr<File> file);
    // Nothing happens when it has gone already.
    void drop(Ticket ticket);

    std::size_t open_files() const { return open_.load(std::memory_order_relaxed); }
    std::size_t max_open() const { return max_open_; }

  private:
    static constexpr std::size_t kShards = 16;

    struct Slot {
        std::shared_ptr<File> file;
        std::uint32_t generation = 0;
        bool used = false;  // again, since it came or the hand came by
    };
    struct Shard {
        std::mutex mutex;
        std::vector<Slot> slots;  // grows up to its limit
        std::vector<std::uint32_t> free;
        std::size_t limit = 0;
        std::size_t hand = 0;
        std::uint32_t last_generation = 0;
    };

    std::uint32_t take_slot(Shard& shard, std::shared_ptr<File>& evicted);

    const std::size_t max_open_;
    const std::size_t shard_count_;
    std::array<Shard, kShards> shards_;
    std::atomic<std::size_t> next_shard_ = 0;
    std::atomic<std::size_t> open_ = 0;
};

}  // namespace milena::log
