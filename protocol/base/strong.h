// One strong type per idea: a number that cannot be mistaken for another number.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace milena {

// Strong<Tag, Rep> converts to and from Rep only explicitly. Arithmetic exists only for tags that
// declare `static constexpr bool ordinal = true` (positions in a sequence: value + n, value -
// value).
template <class Tag, class Rep>
class Strong {
  public:
    using rep = Rep;

    constexpr Strong() = default;
    constexpr explicit Strong(Rep value) : value_(value) {}

    constexpr Rep value() const { return value_; }

    friend constexpr bool operator==(const Strong&, const Strong&) = default;
    friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

    constexpr Strong operator+(Rep n) const
        requires(Tag::ordinal)
    {
        return Strong(static_cast<Rep>(value_ + n));
    }
    constexpr Strong operator-(Rep n) const
        requires(Tag::ordinal)
    {
        return Strong(static_cast<Rep>(value_ - n));
    }
    constexpr Rep operator-(Strong other) const
        requires(Tag::ordinal)
    {
        return static_cast<Rep>(value_ - other.value_);
    }
    constexpr Strong& operator++()
        requires(Tag::ordinal)
    {
        ++value_;
        return *this;
    }

  private:
    Rep value_{};
};

}  // namespace milena

template <class Tag, class Rep>
struct std::hash<milena::Strong<Tag, Rep>> {
    std::size_t operator()(const milena::Strong<Tag, Rep>& id) const noexcept {
        return std::hash<Rep>{}(id.value());
    }
};
