// Memory for large frames: blocks that go back to the kernel when they are freed, and a cache of
// some for the next large frame of the reactor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace milena::net {

// Above kMappedMin its pages are mapped for it alone: it grows by moving pages instead of copying
// bytes, and its end leaves no hole in the heap.
class Block {
  public:
    static constexpr std::size_t kMappedMin = 1024 * 1024;

    Block() = default;
    explicit Block(std::size_t capacity);
    Block(Block&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Block& operator=(Block&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    Block(const Block&) = delete;
    ~Block();

    std::uint8_t* data() const { return data_; }
    std::size_t capacity() const { return capacity_; }

  private:
    friend Block grown(Block block, std::size_t used, std::size_t capacity);

    std::uint8_t* data_ = nullptr;
    std::size_t capacity_ = 0;
};

// `block` with a larger capacity; its first `used` bytes are kept.
Block grown(Block block, std::size_t used, std::size_t capacity);

// Fresh memory costs a page fault for every 4 KiB, more than receiving into it.
//
// Invariant: never more than kBlocks blocks of at most kBlockMax bytes. One thread.
class BlockCache {
  public:
    static constexpr std::size_t kBlocks = 4;
    // Smaller ones come back quickly from malloc, larger ones are rare.
    static constexpr std::size_t kBlockMin = 64 * 1024;
    static constexpr std::size_t kBlockMax = 2 * 1024 * 1024;

    // A kept block of at least `capacity` bytes, the smallest such; without data when there is
    // none.
    Block take(std::size_t capacity);
    // Keeps the larger ones.
    void give(Block block);

  private:
    std::array<Block, kBlocks> blocks_;
};

}  // namespace milena::net
