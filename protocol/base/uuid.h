// 128-bit identifiers as Kafka writes them: 16 bytes, most significant half first; the text form is
// URL-safe base64 without padding, 22 characters.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace milena {

struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    static std::optional<Uuid> parse(std::string_view text);
    std::string to_string() const;
    std::array<std::uint8_t, 16> bytes() const;
    constexpr bool is_zero() const { return high == 0 && low == 0; }

    // Ids with a zero high half and a low half below 100 are reserved
    // (clients/.../common/Uuid.java).
    constexpr bool is_reserved() const { return high == 0 && low < 100; }

    friend constexpr bool operator==(const Uuid&, const Uuid&) = default;
    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
};

}  // namespace milena

template <>
struct std::hash<milena::Uuid> {
    std::size_t operator()(const milena::Uuid& id) const noexcept {
        return static_cast<std::size_t>(id.high * 0x9e3779b97f4a7c15ULL ^ id.low);
    }
};
