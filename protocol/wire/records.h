// The `records` field of a message: record batches in memory, or a range of a file that the network
// sends without reading it. May be null. 24 bytes, copied like a pointer.
#pragma once

#include "protocol/base/assert.h"
#include "protocol/base/bytes.h"
#include "protocol/base/slice_source.h"

#include <algorithm>
#include <cstdint>

namespace milena {

class Records {
  public:
    constexpr Records() = default;  // null

    // Views bytes that outlive the message.
    explicit Records(ByteView bytes)
        : at_(bytes.data() == nullptr ? kEmpty : bytes.data()),
          length_(static_cast<std::uint32_t>(bytes.size())),
          kind_(Kind::kMemory) {}
    // The source must be held by a shared_ptr, and alive until the message is encoded; the frame
    // then keeps it.
    Records(const SliceSource& source, std::uint64_t position, std::uint32_t length)
        : at_(&source), position_(position), length_(length), kind_(Kind::kFile) {}

    bool is_null() const { return kind_ == Kind::kNull; }
    bool is_file() const { return kind_ == Kind::kFile; }
    std::uint32_t size() const { return length_; }

    // The bytes; empty when null. Not for a range of a file.
    ByteView bytes() const {
        MILENA_ASSERT(!is_file());
        return {static_cast<const std::uint8_t*>(at_), length_};
    }
    // Only for a range of a file.
    FileSlice slice() const {
        MILENA_ASSERT(is_file());
        return {static_cast<const SliceSource*>(at_)->shared_from_this(), position_, length_};
    }

    friend bool operator==(const Records& a, const Records& b) {
        if (a.kind_ != b.kind_) return false;
        if (a.is_file()) {
            return a.at_ == b.at_ && a.position_ == b.position_ && a.length_ == b.length_;
        }
        return std::ranges::equal(a.bytes(), b.bytes());
    }

  private:
    enum class Kind : std::uint8_t { kNull, kMemory, kFile };
    static constexpr std::uint8_t kEmpty[1] = {};

    const void* at_ = nullptr;
    std::uint64_t position_ = 0;
    std::uint32_t length_ = 0;
    Kind kind_ = Kind::kNull;
};

}  // namespace milena
