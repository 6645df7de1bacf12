// A string of a message that may be null; views bytes that outlive it. 16 bytes.
#pragma once

#include <string>
#include <string_view>

namespace milena {

class NullableString {
  public:
    constexpr NullableString() = default;  // null
    constexpr NullableString(std::string_view text)
        : data_(text.data() == nullptr ? "" : text.data()), size_(text.size()) {}
    constexpr NullableString(const char* text) : NullableString(std::string_view(text)) {}
    NullableString(const std::string& text) : NullableString(std::string_view(text)) {}

    constexpr bool is_null() const { return data_ == nullptr; }
    constexpr bool has_value() const { return data_ != nullptr; }
    // Empty when null: use where both mean the same.
    constexpr std::string_view value_or_empty() const { return {data_, size_}; }
    constexpr std::string_view operator*() const { return {data_, size_}; }

    friend constexpr bool operator==(const NullableString& a, const NullableString& b) {
        return a.is_null() == b.is_null() && a.value_or_empty() == b.value_or_empty();
    }

  private:
    const char* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace milena
