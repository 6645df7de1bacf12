// Bytes of a message that may be null; views memory that outlives it. 16 bytes.
#pragma once

#include "protocol/base/bytes.h"

#include <algorithm>

namespace milena {

class NullableBytes {
  public:
    constexpr NullableBytes() = default;  // null
    NullableBytes(ByteView bytes)
        : data_(bytes.data() == nullptr ? kEmpty : bytes.data()), size_(bytes.size()) {}

    constexpr bool is_null() const { return data_ == nullptr; }
    constexpr bool has_value() const { return data_ != nullptr; }
    // Empty when null: use where both mean the same.
    ByteView value_or_empty() const { return {data_, size_}; }
    ByteView operator*() const { return {data_, size_}; }

    friend bool operator==(const NullableBytes& a, const NullableBytes& b) {
        return a.is_null() == b.is_null() && std::ranges::equal(*a, *b);
    }

  private:
    static constexpr std::uint8_t kEmpty[1] = {};

    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace milena
