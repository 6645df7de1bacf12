#include "protocol/base/uuid.h"

namespace milena {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::array<std::uint8_t, 16> Uuid::bytes() const {
    std::array<std::uint8_t, 16> out{};
    for (unsigned i = 0; i < 8; ++i) {
        out[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
        out[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
    }
    return out;
}

std::string Uuid::to_string() const {
    const auto raw = bytes();
    std::string text;
    text.reserve(22);
    unsigned bits = 0;
    unsigned count = 0;
    for (const auto byte : raw) {
        bits = (bits << 8) | byte;
        count += 8;
        while (count >= 6) {
            count -= 6;
            text.push_back(kAlphabet[(bits >> count) & 63]);
        }
    }
    text.push_back(kAlphabet[(bits << (6 - count)) & 63]);
    return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 22) return std::nullopt;
    std::array<std::uint8_t, 16> raw{};
    std::size_t at = 0;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = kAlphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<unsigned>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            raw[at++] = static_cast<std::uint8_t>(bits >> count);
        }
    }
    Uuid id;
    for (unsigned i = 0; i < 8; ++i) {
        id.high = (id.high << 8) | raw[i];
        id.low = (id.low << 8) | raw[8 + i];
    }
    return id;
}

}  // namespace milena
