#include "log/file_cache.h"

#include "protocol/base/assert.h"

#include <utility>

namespace milena::log {

// A small cache is one shard, so that its bound is exact for every mix of files.
FileCache::FileCache(std::size_t max_open)
    : max_open_(max_open), shard_count_(max_open >= 16 * kShards ? kShards : 1) {
    MILENA_ASSERT(max_open > 0);
    for (std::size_t i = 0; i < shard_count_; ++i) shards_[i].limit = max_open / shard_count_;
}

std::shared_ptr<File> FileCache::find(Ticket ticket) {
    if (!ticket.valid()) return nullptr;
    Shard& shard = shards_[ticket.slot_ % shard_count_];
    const std::lock_guard lock(shard.mutex);
    Slot& slot = shard.slots[ticket.slot_ / shard_count_];
    if (slot.generation != ticket.generation_) return nullptr;
    slot.used = true;
    return slot.file;
}

std::uint32_t FileCache::take_slot(Shard& shard, std::shared_ptr<File>& evicted) {
    if (!shard.free.empty()) {
        const auto free = shard.free.back();
        shard.free.pop_back();
        return free;
    }
    if (shard.slots.size() < shard.limit) {
        shard.slots.emplace_back();
        return static_cast<std::uint32_t>(shard.slots.size() - 1);
    }
    // Ends in the second round at the latest: the first one takes every mark away.
    for (;;) {
        const std::size_t at = shard.hand;
        shard.hand = (shard.hand + 1) % shard.slots.size();
        Slot& slot = shard.slots[at];
        if (std::exchange(slot.used, false)) continue;
        evicted = std::move(slot.file);
        open_.fetch_sub(1, std::memory_order_relaxed);
        return static_cast<std::uint32_t>(at);
    }
}

FileCache::Ticket FileCache::put(std::shared_ptr<File> file) {
    const std::size_t at = next_shard_.fetch_add(1, std::memory_order_relaxed) % shard_count_;
    Shard& shard = shards_[at];
    std::shared_ptr<File> evicted;  // closed after the lock is given back
    const std::lock_guard lock(shard.mutex);
    const std::uint32_t taken = take_slot(shard, evicted);
    if (++shard.last_generation == 0) ++shard.last_generation;
    shard.slots[taken] = {std::move(file), shard.last_generation, false};
    open_.fetch_add(1, std::memory_order_relaxed);
    Ticket ticket;
    ticket.slot_ = static_cast<std::uint32_t>(taken * shard_count_ + at);
    ticket.generation_ = shard.last_generation;
    return ticket;
}

void FileCache::drop(Ticket ticket) {
    if (!ticket.valid()) return;
    Shard& shard = shards_[ticket.slot_ % shard_count_];
    std::shared_ptr<File> dropped;  // closed after the lock is given back
    const std::lock_guard lock(shard.mutex);
    Slot& slot = shard.slots[ticket.slot_ / shard_count_];
    if (slot.generation != ticket.generation_) return;
    dropped = std::move(slot.file);
    slot.generation = 0;
    slot.used = false;
    shard.free.push_back(static_cast<std::uint32_t>(ticket.slot_ / shard_count_));
    open_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace milena::log
