#include "protocol/record/codec.h"

namespace milena {

std::string_view codec_name(Codec codec) {
    switch (codec) {
        case Codec::none:
            return "none";
        case Codec::gzip:
            return "gzip";
        case Codec::snappy:
            return "snappy";
        case Codec::lz4:
            return "lz4";
        case Codec::zstd:
            return "zstd";
    }
    return "unknown";
}

std::optional<Codec> parse_codec(std::string_view name) {
    if (name == "uncompressed") return Codec::none;
    for (const auto codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        if (name == codec_name(codec)) return codec;
    }
    return std::nullopt;
}

}  // namespace milena
