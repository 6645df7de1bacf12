#include "log/cleaner/offset_map.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <xxhash.h>

namespace milena::log {
namespace {

constexpr std::size_t kLengthBytes = 4;

constexpr std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

std::uint64_t OffsetMap::xxh3(ByteView key, std::uint64_t seed) {
    return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

OffsetMap::OffsetMap(std::uint64_t memory_limit, double load_factor, std::uint64_t seed, Hash hash)
    : memory_limit_(
          std::min<std::uint64_t>(memory_limit, std::numeric_limits<std::uint32_t>::max())),
      load_factor_(std::clamp(load_factor, 0.1, 0.95)),
      seed_(seed),
      hash_(hash) {}

std::uint64_t OffsetMap::memory_used() const {
    return arena_used_ + slots_.size() * sizeof(Slot);
}

void OffsetMap::clear() {
    slots_ = {};
    arena_.reset();
    arena_used_ = kArenaBegin;
    count_ = 0;
    latest_offset_ = kNoOffset;
}

void OffsetMap::set_latest_offset(Offset offset) {
    latest_offset_ = std::max(latest_offset_, offset);
}

ByteView OffsetMap::key_at(std::uint32_t at) const {
    const std::uint8_t* entry = arena_.get() + at;
    return {entry + kLengthBytes, load_be<std::uint32_t>(entry)};
}

std::size_t OffsetMap::locate(ByteView key, std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
        const Slot& slot = slots_[i];
        if (slot.key_at == 0) return i;
        if (slot.tag == tag_of(hash) && std::ranges::equal(key_at(slot.key_at), key)) return i;
    }
}

// One more slot may be taken afterwards.
bool OffsetMap::make_room() {
    const auto capacity = static_cast<double>(slots_.size());
    if (!slots_.empty() && static_cast<double>(count_ + 1) <= capacity * load_factor_) return true;
    const std::size_t wanted = slots_.empty() ? kFirstSlots : slots_.size() * 2;
    // Old and new table are there at once.
    if (memory_used() + wanted * sizeof(Slot) > memory_limit_ && !slots_.empty()) return false;
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(wanted));
    for (const Slot& slot : old) {
        if (slot.key_at == 0) continue;
        const ByteView key = key_at(slot.key_at);
        slots_[locate(key, hash_(key, seed_))] = slot;
    }
    return true;
}

bool OffsetMap::put(ByteView key, Offset offset) {
    if (too_long(key)) {
        latest_offset_ = std::max(latest_offset_, offset);
        return true;
    }
    const std::uint64_t hash = hash_(key, seed_);
    if (!slots_.empty()) {
        Slot& known = slots_[locate(key, hash)];
        if (known.key_at != 0) {
            MILENA_ASSERT(known.offset <= offset.value());
            known.offset = offset.value();
            latest_offset_ = std::max(latest_offset_, offset);
            return true;
        }
    }
    if (!make_room()) return false;
    const std::uint64_t bytes = key.size() + kLengthBytes;
    if (memory_used() + bytes > memory_limit_) return false;
    if (!arena_) arena_ = std::make_unique_for_overwrite<std::uint8_t[]>(memory_limit_);
    std::uint8_t* const entry = arena_.get() + arena_used_;
    store_be(entry, static_cast<std::uint32_t>(key.size()));
    std::ranges::copy(key, entry + kLengthBytes);
    slots_[locate(key, hash)] = {offset.value(), static_cast<std::uint32_t>(arena_used_),
                                 tag_of(hash)};
    arena_used_ += bytes;
    ++count_;
    latest_offset_ = std::max(latest_offset_, offset);
    return true;
}

Offset OffsetMap::find(ByteView key) const {
    if (slots_.empty()) return kNoOffset;
    const Slot& slot = slots_[locate(key, hash_(key, seed_))];
    return slot.key_at == 0 ? kNoOffset : Offset{slot.offset};
}

}  // namespace milena::log
