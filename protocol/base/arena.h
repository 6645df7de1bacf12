// Memory for one request: bump allocation, freed all at once. Nothing in it is destroyed one by
// one, so only trivially destructible types live here.
#pragma once

#include "protocol/base/assert.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

namespace milena {

class Arena {
  public:
    static constexpr std::size_t kBlockBytes = 4096;
    // What the list of blocks costs for each of them, at the worst moment of its growth.
    static constexpr std::size_t kBookkeepingBytes = 3 * sizeof(void*);

    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    Arena(Arena&&) = default;
    Arena& operator=(Arena&&) = default;

    // Bytes that try_allocate may still take from the heap, whole blocks counted: the bound on what
    // hostile input can make us allocate. Unbounded until set.
    void set_budget(std::size_t bytes) { budget_ = bytes; }

    // nullptr when the budget does not allow it.
    void* try_allocate(std::size_t bytes, std::size_t alignment) {
        if (!fits(bytes, alignment)) {
            const auto size = block_size(bytes, alignment) + kBookkeepingBytes;
            if (size > budget_) return nullptr;
            budget_ -= size;
        }
        return allocate(bytes, alignment);
    }

    void* allocate(std::size_t bytes, std::size_t alignment) {
        if (!fits(bytes, alignment)) {
            const auto size = block_size(bytes, alignment);
            blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
            next_ = reinterpret_cast<std::uintptr_t>(blocks_.back().get());
            end_ = next_ + size;
        }
        const auto at = aligned(alignment);
        next_ = at + bytes;
        return reinterpret_cast<void*>(at);
    }

    std::string_view copy(std::string_view text) {
        if (text.empty()) return {"", 0};
        auto* to = static_cast<char*>(allocate(text.size(), 1));
        std::memcpy(to, text.data(), text.size());
        return {to, text.size()};
    }

    // Forgets everything; keeps the first block for the next request if it has the usual size.
    void reset() {
        budget_ = std::numeric_limits<std::size_t>::max();
        if (blocks_.empty()) return;
        if (blocks_.size() > 1 ||
            end_ != reinterpret_cast<std::uintptr_t>(blocks_[0].get()) + kBlockBytes) {
            blocks_.clear();
            next_ = end_ = 0;
            return;
        }
        next_ = reinterpret_cast<std::uintptr_t>(blocks_[0].get());
    }

  private:
    std::uintptr_t aligned(std::size_t alignment) const {
        return (next_ + alignment - 1) & ~(alignment - 1);
    }
    // Does the current block have room? Nothing is in front of the first block.
    bool fits(std::size_t bytes, std::size_t alignment) const {
        const auto at = aligned(alignment);
        return next_ != 0 && at <= end_ && bytes <= end_ - at;
    }
    static std::size_t block_size(std::size_t bytes, std::size_t alignment) {
        return bytes + alignment > kBlockBytes ? bytes + alignment : kBlockBytes;
    }

    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::uintptr_t next_ = 0;
    std::uintptr_t end_ = 0;
    std::size_t budget_ = std::numeric_limits<std::size_t>::max();
};

// An array of a message: elements in an arena (or anywhere that outlives it), possibly null.
// 16 bytes, copied like a pointer.
template <class T>
class Array {
  public:
    using value_type = T;

    constexpr Array() = default;
    constexpr Array(T* data, std::size_t size)
        : data_(data), size_(static_cast<std::uint32_t>(size)) {}
    // Views a container that outlives this array.
    template <class Container>
        requires requires(Container& c) {
            { std::data(c) } -> std::convertible_to<T*>;
            { std::size(c) };
        }
    constexpr explicit Array(Container& container)
        : Array(std::data(container), std::size(container)) {}

    static constexpr Array null() {
        Array array;
        array.null_ = true;
        return array;
    }
    // `count` default-constructed elements.
    static Array make(Arena& arena, std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T>);
        if (count == 0) return {};
        auto* data = static_cast<T*>(arena.allocate(count * sizeof(T), alignof(T)));
        std::uninitialized_value_construct_n(data, count);
        return {data, count};
    }

    bool is_null() const { return null_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    T* begin() { return data_; }
    T* end() { return data_ + size_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + size_; }
    T& operator[](std::size_t i) {
        MILENA_ASSERT(i < size_);
        return data_[i];
    }
    const T& operator[](std::size_t i) const {
        MILENA_ASSERT(i < size_);
        return data_[i];
    }

    friend bool operator==(const Array& a, const Array& b) {
        if (a.null_ != b.null_ || a.size_ != b.size_) return false;
        for (std::size_t i = 0; i < a.size_; ++i) {
            if (!(a.data_[i] == b.data_[i])) return false;
        }
        return true;
    }

  private:
    T* data_ = nullptr;
    std::uint32_t size_ = 0;
    bool null_ = false;
};

}  // namespace milena
