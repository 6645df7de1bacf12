#include "broker/net/receive_buffer.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace milena::net {
namespace {

// Less than this is not worth giving back while the buffer is in use.
constexpr std::size_t kKeptCapacity = 1024;

}  // namespace

ReceiveBuffer::ReceiveBuffer(ReceiveBuffer&& other) noexcept
    : cache_(other.cache_),
      block_(std::move(other.block_)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

ReceiveBuffer& ReceiveBuffer::operator=(ReceiveBuffer&& other) noexcept {
    std::swap(cache_, other.cache_);
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    other.clear();
    return *this;
}

void ReceiveBuffer::append(ByteView bytes) {
    if (bytes.empty()) return;
    make_room(bytes.size(), std::max(bytes.size(), size()));
    std::memcpy(block_.data() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
}

MutableBytes ReceiveBuffer::room(std::size_t wanted) {
    MILENA_ASSERT(!empty());
    if (end_ == capacity()) {
        const auto most = std::min(wanted, size());
        make_room(most, most);
    }
    return {block_.data() + end_, std::min(wanted, capacity() - end_)};
}

void ReceiveBuffer::drop(std::size_t count) {
    MILENA_ASSERT(count <= size());
    begin_ += count;
    if (begin_ == end_) clear();
}

void ReceiveBuffer::clear() {
    cache_->give(std::move(block_));
    begin_ = end_ = 0;
}

void ReceiveBuffer::shrink() {
    if (empty() || capacity() <= kKeptCapacity || size() > capacity() / 4) return;
    ReceiveBuffer exact(*cache_);
    exact.append(bytes());
    *this = std::move(exact);
}

// Free space for `wanted` bytes behind end_; when that needs new memory, then for `most`.
void ReceiveBuffer::make_room(std::size_t wanted, std::size_t most) {
    if (capacity() - end_ >= wanted) return;
    if (begin_ > 0) {
        std::memmove(block_.data(), block_.data() + begin_, size());
        end_ = size();
        begin_ = 0;
        if (capacity() - end_ >= wanted) return;
    }
    reallocate(end_ + most);
}

void ReceiveBuffer::reallocate(std::size_t capacity) {
    auto kept = capacity >= BlockCache::kBlockMin ? cache_->take(capacity) : Block{};
    if (kept.data() == nullptr) {
        block_ = grown(std::move(block_), end_, capacity);
        return;
    }
    if (end_ > 0) std::memcpy(kept.data(), block_.data(), end_);
    std::swap(block_, kept);
    cache_->give(std::move(kept));
}

}  // namespace milena::net
