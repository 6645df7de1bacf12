#include "broker/net/block.h"

#include "protocol/base/assert.h"

#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

namespace milena::net {

Block::Block(std::size_t capacity) : capacity_(capacity) {
    void* at = capacity >= kMappedMin ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                      : std::malloc(capacity);
    MILENA_ASSERT(at != nullptr && at != MAP_FAILED);
    data_ = static_cast<std::uint8_t*>(at);
}

Block::~Block() {
    if (capacity_ >= kMappedMin) {
        ::munmap(data_, capacity_);
    } else {
        std::free(data_);
    }
}

Block grown(Block block, std::size_t used, std::size_t capacity) {
    MILENA_ASSERT(capacity > block.capacity_ && used <= block.capacity_);
    void* at = nullptr;
    if (block.capacity_ >= Block::kMappedMin) {
        at = ::mremap(block.data_, block.capacity_, capacity, MREMAP_MAYMOVE);
        MILENA_ASSERT(at != MAP_FAILED);
    } else if (capacity < Block::kMappedMin) {
        at = std::realloc(block.data_, capacity);
        MILENA_ASSERT(at != nullptr);
    } else {
        Block larger(capacity);
        if (used > 0) std::memcpy(larger.data_, block.data_, used);
        return larger;
    }
    block.data_ = static_cast<std::uint8_t*>(at);
    block.capacity_ = capacity;
    return block;
}

Block BlockCache::take(std::size_t capacity) {
    Block* best = nullptr;
    for (auto& block : blocks_) {
        if (block.capacity() < capacity) continue;
        if (best == nullptr || block.capacity() < best->capacity()) best = &block;
    }
    return best == nullptr ? Block{} : std::move(*best);
}

void BlockCache::give(Block block) {
    if (block.capacity() < kBlockMin || block.capacity() > kBlockMax) return;
    for (auto& kept : blocks_) {
        if (kept.capacity() < block.capacity()) std::swap(kept, block);
    }
}

}  // namespace milena::net
