// The compression codecs of record batches, their names and levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace milena {

// Bits 0-2 of a batch's attributes. 5 to 7 mean nothing: a value read from bytes may be one of
// them.
enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

constexpr bool is_known(Codec codec) {
    return codec <= Codec::zstd;
}
// "none", "gzip", "snappy", "lz4", "zstd"; "unknown" for the others.
std::string_view codec_name(Codec codec);
// The inverse of codec_name; takes "uncompressed" (compression.type) for "none" too.
std::optional<Codec> parse_codec(std::string_view name);

// The levels that a codec takes, as the topic settings compression.<codec>.level have them. Where
// both bounds are equal the codec has no levels.
struct LevelRange {
    std::int32_t min = 0;
    std::int32_t max = 0;
    std::int32_t standard = 0;  // -1 for gzip: what zlib takes by itself; allowed besides the range
};
constexpr LevelRange level_range(Codec codec) {
    switch (codec) {
        case Codec::gzip:
            return {1, 9, -1};
        case Codec::lz4:
            return {1, 17, 9};
        case Codec::zstd:
            return {-131072, 22, 3};
        default:
            return {};
    }
}

// How to compress. `level` within level_range(codec) or its standard.
struct Compression {
    Codec codec = Codec::none;
    std::int32_t level = 0;

    // At the codec's standard level.
    static constexpr Compression standard(Codec codec) {
        return {codec, level_range(codec).standard};
    }
    friend bool operator==(const Compression&, const Compression&) = default;
};

}  // namespace milena
