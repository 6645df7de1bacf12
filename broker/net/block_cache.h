// Large memory blocks of one reactor, kept for the next large frame: fresh memory costs a page
// fault for every 4 KiB, more than receiving into it.
//
// Invariant: never more than kBlocks blocks of at most kBlockMax bytes. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace milena::net {

struct FreeMemory {
    void operator()(std::uint8_t* at) const { std::free(at); }
};

struct Block {
    std::unique_ptr<std::uint8_t[], FreeMemory> data;
    std::size_t capacity = 0;
};

class BlockCache {
  public:
    static constexpr std::size_t kBlocks = 4;
    // Smaller ones come back quickly from malloc, larger ones are rare.
    static constexpr std::size_t kBlockMin = 64 * 1024;
    static constexpr std::size_t kBlockMax = 2 * 1024 * 1024;

    // A kept block of at least `capacity` bytes, the smallest such; without data when there is
    // none.
    Block take(std::size_t capacity) {
        Block* best = nullptr;
        for (auto& block : blocks_) {
            if (block.capacity < capacity) continue;
            if (best == nullptr || block.capacity < best->capacity) best = &block;
        }
        return best == nullptr ? Block{} : std::exchange(*best, {});
    }

    // Keeps the larger ones.
    void give(Block block) {
        if (block.capacity < kBlockMin || block.capacity > kBlockMax) return;
        for (auto& kept : blocks_) {
            if (kept.capacity < block.capacity) std::swap(kept, block);
        }
    }

  private:
    std::array<Block, kBlocks> blocks_;
};

}  // namespace milena::net
