// What a connection has received of frames that are not complete: nothing while it is idle.
//
// Invariant: memory taken from the system is at most twice the bytes held when it was taken; it
// follows the bytes that came, never the length that a peer claims. (A block that the cache of the
// reactor kept may be larger; their number is bounded there.) One thread.
#pragma once

#include "broker/net/block.h"
#include "protocol/base/bytes.h"

#include <cstddef>
#include <cstdint>

namespace milena::net {

class ReceiveBuffer {
  public:
    // The cache outlives the buffer.
    explicit ReceiveBuffer(BlockCache& cache) : cache_(&cache) {}
    ReceiveBuffer(const ReceiveBuffer&) = delete;
    ReceiveBuffer& operator=(const ReceiveBuffer&) = delete;
    // What is moved from is empty.
    ReceiveBuffer(ReceiveBuffer&& other) noexcept;
    ReceiveBuffer& operator=(ReceiveBuffer&& other) noexcept;
    ~ReceiveBuffer() { clear(); }

    bool empty() const { return begin_ == end_; }
    std::size_t size() const { return end_ - begin_; }
    std::size_t capacity() const { return block_.capacity(); }
    MutableBytes bytes() const { return {block_.data() + begin_, size()}; }

    // Adds bytes at the end. An empty buffer takes exactly the memory for them, a growing one at
    // most doubles.
    void append(ByteView bytes);
    // Free memory behind the bytes, to be received into, for at most `wanted` bytes; grows as
    // append does. The buffer is not empty.
    MutableBytes room(std::size_t wanted);
    // The first `count` bytes of room() are filled.
    void grew(std::size_t count) { end_ += count; }

    // Forgets the first `count` bytes; an empty buffer gives its memory back.
    void drop(std::size_t count);
    void clear();
    // Gives back memory when most of it is unused.
    void shrink();

  private:
    void make_room(std::size_t wanted, std::size_t most);
    void reallocate(std::size_t capacity);

    BlockCache* cache_;
    Block block_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace milena::net
