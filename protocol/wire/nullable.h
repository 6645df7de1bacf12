// A struct of a message that may be null. Like std::optional, but it asks nothing about T until it
// is used: T is nested in the message and not complete where the member is declared.
#pragma once

#include "protocol/base/assert.h"

#include <optional>

namespace milena {

template <class T>
class Nullable {
  public:
    constexpr Nullable() = default;  // null
    constexpr Nullable(std::nullopt_t) {}
    constexpr Nullable(const T& value) : value_(value), present_(true) {}
    constexpr Nullable(const std::optional<T>& value) : present_(value.has_value()) {
        if (value) value_ = *value;
    }

    bool has_value() const { return present_; }
    explicit operator bool() const { return present_; }

    T& emplace() {
        value_ = T{};
        present_ = true;
        return value_;
    }
    void reset() { present_ = false; }

    T& operator*() {
        MILENA_ASSERT(present_);
        return value_;
    }
    const T& operator*() const {
        MILENA_ASSERT(present_);
        return value_;
    }
    T* operator->() { return &**this; }
    const T* operator->() const { return &**this; }

    friend bool operator==(const Nullable& a, const Nullable& b) {
        return a.present_ == b.present_ && (!a.present_ || a.value_ == b.value_);
    }

  private:
    T value_{};
    bool present_ = false;
};

}  // namespace milena
