#include "tools/kafka/java_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace milena::kafka_tools {
namespace {

template <class Float>
std::string java_floating(Float value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    std::array<char, 64> buffer{};
    auto* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                              std::chars_format::scientific)
                    .ptr;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    const auto e = text.find('e');
    std::string digits(text.substr(0, e));
    std::erase(digits, '.');
    const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());

    std::string out = std::signbit(value) ? "-" : "";
    if (value == 0) return out + "0.0";
    if (exponent < -3 || exponent >= 7) {
        const auto fraction = digits.size() > 1 ? digits.substr(1) : std::string("0");
        return out + digits[0] + '.' + fraction + 'E' + std::to_string(exponent);
    }
    if (exponent < 0) {
        return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
    return out + digits.substr(0, whole) + '.' + digits.substr(whole);
}

}  // namespace

std::string java_double(double value) {
    return java_floating(value);
}
std::string java_float(float value) {
    return java_floating(value);
}

bool java_true(std::string_view text) {
    return lower(trim(text)) == "true";
}

std::vector<std::size_t> java_map_order(std::span<const std::string> keys, std::size_t capacity) {
    // String.hashCode, spread and cut to the size of a table that is at most three quarters full
    // (java.util.HashMap); keys of one bucket stay in the order of their arrival.
    std::size_t table = std::bit_ceil(capacity);
    while (keys.size() * 4 > table * 3) table *= 2;
    std::vector<std::pair<std::size_t, std::size_t>> buckets;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        std::uint32_t hash = 0;
        for (const char c : keys[i]) hash = 31 * hash + static_cast<unsigned char>(c);
        buckets.emplace_back((hash ^ (hash >> 16)) & (table - 1), i);
    }
    std::ranges::stable_sort(buckets, {}, &std::pair<std::size_t, std::size_t>::first);
    std::vector<std::size_t> order;
    for (const auto& [bucket, index] : buckets) order.push_back(index);
    return order;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n\f\v");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n\f\v") - first + 1);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

}  // namespace milena::kafka_tools
