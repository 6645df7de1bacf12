// The last offset of every key of a log's dirty part, in bounded memory.
//
// Keys are held whole: two keys with the same hash are two keys, whatever the hash. A slot is 16
// bytes, a key its length plus 4; memory is taken as it is used and given back by clear().
//
// Invariants: memory_used() <= the limit; offsets of a key never descend.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace milena::log {

class OffsetMap {
  public:
    using Hash = std::uint64_t (*)(ByteView key, std::uint64_t seed);
    static std::uint64_t xxh3(ByteView key, std::uint64_t seed);

    // `load_factor`: how full the table of slots may become, within [0.1, 0.95]. `seed` keeps
    // clients from choosing keys that collide.
    OffsetMap(std::uint64_t memory_limit, double load_factor, std::uint64_t seed, Hash hash = xxh3);

    // False when there is no room for another key: the map is as before. `offset` is at or above
    // all before it.
    bool put(ByteView key, Offset offset);
    // kNoOffset when the key is not here.
    Offset find(ByteView key) const;
    // Never taken in, whatever room there is: all records of such a key have to stay.
    bool too_long(ByteView key) const { return key.size() > memory_limit_ / 4; }

    // All records up to here are known to the map; kNoOffset: none.
    Offset latest_offset() const { return latest_offset_; }
    void set_latest_offset(Offset offset);

    std::size_t size() const { return count_; }
    std::uint64_t memory_used() const;
    void clear();

  private:
    struct Slot {
        std::int64_t offset = 0;
        std::uint32_t key_at = 0;  // in the arena; 0: free
        std::uint32_t tag = 0;     // of the hash
    };
    static constexpr std::size_t kFirstSlots = 64;
    static constexpr std::uint32_t kArenaBegin = 4;

    ByteView key_at(std::uint32_t at) const;
    // The slot of the key, or the free one where it belongs.
    std::size_t locate(ByteView key, std::uint64_t hash) const;
    bool make_room();

    std::uint64_t memory_limit_;
    double load_factor_;
    std::uint64_t seed_;
    Hash hash_;
    std::vector<Slot> slots_;  // a power of two of them
    // As long as the limit, but only touched as far as it is used.
    std::unique_ptr<std::uint8_t[]> arena_;
    std::uint64_t arena_used_ = kArenaBegin;
    std::size_t count_ = 0;
    Offset latest_offset_ = kNoOffset;
};

}  // namespace milena::log
