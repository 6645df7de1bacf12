#include "broker/replica/java_hash.h"

#include <cstdlib>
#include <limits>

namespace milena::replica {
namespace {

constexpr std::uint32_t kReplacement = 0xfffd;

struct Decoded {
    std::uint32_t code_point;
    std::size_t size;
};

// One code point of UTF-8; a broken sequence is one replacement per ill-formed prefix.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xf5   ? 0
                             : lead >= 0xf0 ? 4
                             : lead >= 0xe0 ? 3
                             : lead >= 0xc2 ? 2
                                            : 0;
    if (size == 0) return {kReplacement, 1};
    std::uint32_t code_point = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = byte(i);
        const bool first = i == 1;
        const std::uint32_t least = first && lead == 0xe0   ? 0xa0
                                    : first && lead == 0xf0 ? 0x90
                                                            : 0x80;
        const std::uint32_t most = first && lead == 0xed   ? 0x9f
                                   : first && lead == 0xf4 ? 0x8f
                                                           : 0xbf;
        if (next < least || next > most) return {kReplacement, i};
        code_point = (code_point << 6) | (next & 0x3f);
    }
    return {code_point, size};
}

}  // namespace

std::int32_t java_hash(std::string_view text) {
    std::uint32_t hash = 0;
    while (!text.empty()) {
        const auto [code_point, size] = decode(text);
        text.remove_prefix(size);
        if (code_point < 0x10000) {
            hash = 31 * hash + code_point;
        } else {
            hash = 31 * hash + (0xd800 + ((code_point - 0x10000) >> 10));
            hash = 31 * hash + (0xdc00 + ((code_point - 0x10000) & 0x3ff));
        }
    }
    return static_cast<std::int32_t>(hash);
}

std::int32_t coordinator_partition(std::string_view id, std::int32_t count) {
    const auto hash = java_hash(id);
    // The one number without a positive counterpart.
    if (hash == std::numeric_limits<std::int32_t>::min()) return 0;
    return std::abs(hash) % count;
}

}  // namespace milena::replica
