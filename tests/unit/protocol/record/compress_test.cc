#include "protocol/record/compress.h"

#include "protocol/base/random.h"
#include "tests/unit/protocol/record/raw_batch.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>
#include <snappy.h>
#include <xxhash.h>
#include <zlib.h>

namespace milena::test {
namespace {

constexpr Codec kCodecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

Bytes text_of(std::size_t size) {
    Bytes text;
    for (std::size_t i = 0; text.size() < size; ++i) {
        text = std::move(text) + bytes_of("line " + std::to_string(i % 977) + " of some log\n");
    }
    text.resize(size);
    return text;
}

Bytes noise_of(std::size_t size) {
    SeededRandom random(size);
    Bytes noise(size);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random.next());
    return noise;
}

Bytes compressed(const Compression& how, ByteView input) {
    Codecs codecs;
    Bytes out;
    const auto done = codecs.compress(how, input, out);
    EXPECT_TRUE(done) << done.error().detail;
    return out;
}

// The code of the error, NONE when there is none.
ErrorCode decompress(Codec codec, const Bytes& input, Bytes& out, std::size_t limit = kNoLimit) {
    Codecs codecs;
    const auto done = codecs.decompress(codec, input, out, limit);
    return done ? ErrorCode::NONE : done.error().code;
}

TEST(Compress, GivesBackWhatWentInAtEverySize) {
    Codecs codecs;
    Bytes packed;
    Bytes back;
    for (const auto codec : kCodecs) {
        for (const std::size_t size : {0, 1, 100, 32768, 65535, 65536, 65537, 200'000, 700'000}) {
            for (const auto& input : {text_of(size), noise_of(size)}) {
                SCOPED_TRACE(testing::Message() << codec_name(codec) << " " << size);
                packed = {1, 2, 3};  // what is there stays
                ASSERT_TRUE(codecs.compress(Compression::standard(codec), input, packed));
                EXPECT_EQ(Bytes(packed.begin(), packed.begin() + 3), Bytes({1, 2, 3}));
                const bool empty_plain = codec == Codec::none && size == 0;
                ASSERT_EQ(packed.size() == 3, empty_plain);
                const auto done = codecs.decompress(codec, ByteView(packed).subspan(3), back, size);
                ASSERT_TRUE(done) << done.error().detail;
                EXPECT_TRUE(back == input);
            }
        }
    }
}

TEST(Compress, TakesEveryLevelOfTheTopicSettings) {
    const auto input = text_of(5000);
    Bytes back;
    for (const auto codec : {Codec::gzip, Codec::lz4, Codec::zstd}) {
        const auto range = level_range(codec);
        std::vector<std::int32_t> levels = {range.standard, range.min, range.min / 2};
        for (auto level = std::max(range.min, -7); level <= range.max; ++level) {
            levels.push_back(level);
        }
        for (const auto level : levels) {
            if (level == 0 && codec != Codec::zstd) continue;
            SCOPED_TRACE(testing::Message() << codec_name(codec) << " level " << level);
            EXPECT_EQ(decompress(codec, compressed({codec, level}, input), back), ErrorCode::NONE);
            EXPECT_TRUE(back == input);
        }
    }
}

TEST(Compress, StreamsThroughWindowsOfAnySize) {
    Codecs codecs;
    const auto input = text_of(70'000);
    for (const auto codec : kCodecs) {
        const auto packed = compressed(Compression::standard(codec), input);
        for (const std::size_t window : {1, 7, 1000, 65536, 1'000'000}) {
            SCOPED_TRACE(testing::Message() << codec_name(codec) << " by " << window);
            auto stream = codecs.start(codec, packed, kNoLimit);
            ASSERT_TRUE(stream);
            Bytes piece(window);
            Bytes back;
            for (;;) {
                const auto got = (*stream)->read(piece);
                ASSERT_TRUE(got) << got.error().detail;
                if (*got == 0) break;
                back.insert(back.end(), piece.begin(),
                            piece.begin() + static_cast<std::ptrdiff_t>(*got));
            }
            EXPECT_TRUE(back == input);
            EXPECT_EQ(*(*stream)->read(piece), 0U) << "the end stays the end";
        }
    }
}

TEST(Compress, RefusesInputThatIsCutOffAnywhere) {
    Codecs codecs;
    Bytes back;
    for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        for (const auto& input : {text_of(70'000), noise_of(300)}) {
            const auto packed = compressed(Compression::standard(codec), input);
            for (std::size_t size = 0; size < packed.size(); ++size) {
                SCOPED_TRACE(testing::Message() << codec_name(codec) << " cut at " << size);
                const auto done =
                    codecs.decompress(codec, ByteView(packed).first(size), back, kNoLimit);
                if (!done) {
                    EXPECT_EQ(done.error().code, ErrorCode::CORRUPT_MESSAGE);
                    EXPECT_TRUE(back.empty());
                } else {
                    // Between two blocks of its framing snappy has no way to tell.
                    ASSERT_EQ(codec, Codec::snappy);
                    ASSERT_LT(back.size(), input.size());
                    EXPECT_TRUE(std::equal(back.begin(), back.end(), input.begin()));
                }
            }
        }
    }
}

TEST(Compress, StopsAtTheLimitAndGrowsOnlyWithWhatCameOut) {
    const Bytes zeros(8 << 20);
    constexpr std::size_t kLimit = 100'000;
    for (const auto codec : kCodecs) {
        SCOPED_TRACE(codec_name(codec));
        const auto bomb = compressed(Compression::standard(codec), zeros);
        Bytes out;
        EXPECT_EQ(decompress(codec, bomb, out, kLimit), ErrorCode::MESSAGE_TOO_LARGE);
        EXPECT_LE(out.capacity(), 4 * kLimit);
        EXPECT_EQ(decompress(codec, bomb, out, zeros.size() - 1), ErrorCode::MESSAGE_TOO_LARGE);
        EXPECT_EQ(decompress(codec, bomb, out, zeros.size()), ErrorCode::NONE);
        EXPECT_EQ(out.size(), zeros.size());
    }
}

TEST(Compress, WorksOnAfterAnError) {
    Codecs codecs;
    const auto input = text_of(1000);
    Bytes back;
    for (const auto codec : kCodecs) {
        SCOPED_TRACE(codec_name(codec));
        const auto packed = compressed(Compression::standard(codec), input);
        for (int i = 0; i < 3; ++i) {
            EXPECT_FALSE(codecs.decompress(codec, packed, back, 10));
            EXPECT_EQ(codecs.decompress(codec, noise_of(50), back, kNoLimit).has_value(),
                      codec == Codec::none);
            codecs.trim();
            ASSERT_TRUE(codecs.decompress(codec, packed, back, kNoLimit));
            EXPECT_TRUE(back == input);
        }
    }
}

TEST(Compress, KnowsTheCodecsByNameAndRefusesOthers) {
    Codecs codecs;
    Bytes out;
    for (const auto codec : kCodecs) EXPECT_EQ(parse_codec(codec_name(codec)), codec);
    EXPECT_EQ(parse_codec("uncompressed"), Codec::none);
    EXPECT_EQ(parse_codec("producer"), std::nullopt);
    for (int id = 5; id < 8; ++id) {
        const auto codec = static_cast<Codec>(id);
        EXPECT_EQ(codec_name(codec), "unknown");
        const auto done = codecs.decompress(codec, Bytes{1}, out, kNoLimit);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
        EXPECT_FALSE(codecs.compress({codec, 0}, Bytes{1}, out));
    }
}

// --- What other writers frame differently. Kafka's answers were asked of the real 4.2 broker.

Bytes raw_snappy(const Bytes& input) {
    std::string out;
    snappy::Compress(reinterpret_cast<const char*>(input.data()), input.size(), &out);
    return bytes_of(out);
}

Bytes xerial_header(std::uint8_t version, std::uint8_t compatible) {
    return bytes_of("\x82SNAPPY") + Bytes{0, 0, 0, 0, version, 0, 0, 0, compatible};
}

Bytes block(const Bytes& raw) {
    Bytes size(4);
    store_be(size.data(), static_cast<std::int32_t>(raw.size()));
    return size + raw;
}

struct Foreign {
    const char* what;
    Bytes input;
    bool taken;
};

void expect_answers(Codec codec, const Bytes& text, const std::vector<Foreign>& table) {
    for (const auto& row : table) {
        SCOPED_TRACE(row.what);
        Bytes out;
        EXPECT_EQ(decompress(codec, row.input, out),
                  row.taken ? ErrorCode::NONE : ErrorCode::CORRUPT_MESSAGE);
        if (row.taken) {
            EXPECT_TRUE(out == text);
        }
    }
}

TEST(Compress, ReadsSnappyInTheFramingsThatJavaReads) {
    const auto text = text_of(1000);
    const Bytes head(text.begin(), text.begin() + 300);
    const Bytes tail(text.begin() + 300, text.end());
    const auto raw = raw_snappy(text);
    const auto framed = xerial_header(1, 1) + block(raw);
    expect_answers(
        Codec::snappy, text,
        {
            {"bare block, as librdkafka writes", raw, true},
            {"one framed block", framed, true},
            {"two framed blocks",
             xerial_header(1, 1) + block(raw_snappy(head)) + block(raw_snappy(tail)), true},
            {"a header between two blocks",
             xerial_header(1, 1) + block(raw_snappy(head)) + xerial_header(1, 1) +
                 block(raw_snappy(tail)),
             true},
            {"other versions in the header", xerial_header(9, 9) + block(raw), true},
            {"a block of nothing at the end", framed + block(raw_snappy({})), true},
            {"a block of no bytes at the end", framed + Bytes{0, 0, 0, 0}, false},
            {"a block of negative size", framed + Bytes{0xff, 0xff, 0xff, 0xf0}, false},
            {"a block longer than what is left", framed + Bytes{0, 0, 1, 0, 1, 2}, false},
            {"bytes behind a bare block", raw + Bytes{1, 2, 3}, false},
            {"bytes behind the framed blocks", framed + Bytes{0, 0, 0}, false},
            {"a block that claims 4 GiB", Bytes{0xff, 0xff, 0xff, 0xff, 0x0f} + raw, false},
            {"a block that claims 1 GiB",
             xerial_header(1, 1) + block(Bytes{0x80, 0x80, 0x80, 0x80, 0x04} + raw), false},
            {"a header with another first byte", bytes_of("\x83SNAPPY") + Bytes(9), false},
            {"nothing", {}, false},
        });
}

// A frame header of these flags and block descriptor with its checksum right.
Bytes lz4_header(std::uint8_t flags, std::uint8_t descriptor, const Bytes& more = {}) {
    const auto covered = Bytes{flags, descriptor} + more;
    const auto hash = XXH32(covered.data(), covered.size(), 0);
    return Bytes{0x04, 0x22, 0x4d, 0x18} + covered + Bytes{static_cast<std::uint8_t>(hash >> 8)};
}

// An uncompressed block and the end mark.
Bytes lz4_stored(const Bytes& text) {
    const auto size = static_cast<std::uint32_t>(text.size()) | 0x80000000U;
    Bytes out(4);
    store_be(out.data(), byte_swap(size));
    return out + text + Bytes(4);
}

TEST(Compress, WritesTheLz4FrameHeaderOfTheJavaClient) {
    const auto packed = compressed(Compression::standard(Codec::lz4), text_of(200'000));
    EXPECT_EQ(Bytes(packed.begin(), packed.begin() + 7), lz4_header(0x60, 0x40));
}

TEST(Compress, ReadsTheLz4FramesThatJavaReads) {
    const auto text = text_of(1000);
    const auto frame = lz4_header(0x60, 0x40) + lz4_stored(text);
    const Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'a', 'b', 'c', 'd'};
    auto wrong_check = frame;
    wrong_check[6] ^= 1;
    // Old clients hashed the magic number too (KAFKA-3160).
    auto old_check = frame;
    old_check[6] = static_cast<std::uint8_t>(XXH32(old_check.data(), 6, 0) >> 8);
    const auto content = XXH32(text.data(), text.size(), 0);
    Bytes content_check(4);
    store_be(content_check.data(), byte_swap(content));
    auto wrong_content = content_check;
    wrong_content[0] ^= 1;
    expect_answers(
        Codec::lz4, text,
        {
            {"a stored block", frame, true},
            {"blocks of 4 MiB", lz4_header(0x60, 0x70) + lz4_stored(text), true},
            {"the right content size",
             lz4_header(0x68, 0x40, {0xe8, 3, 0, 0, 0, 0, 0, 0}) + lz4_stored(text), true},
            {"a content checksum", lz4_header(0x64, 0x40) + lz4_stored(text) + content_check, true},
            {"a wrong content checksum", lz4_header(0x64, 0x40) + lz4_stored(text) + wrong_content,
             false},
            {"linked blocks", lz4_header(0x40, 0x40) + lz4_stored(text), false},
            {"a dictionary", lz4_header(0x61, 0x40, {1, 0, 0, 0}) + lz4_stored(text), false},
            {"a reserved flag", lz4_header(0x62, 0x40) + lz4_stored(text), false},
            {"version 0", lz4_header(0x20, 0x40) + lz4_stored(text), false},
            {"block size code 3", lz4_header(0x60, 0x30) + lz4_stored(text), false},
            {"a reserved bit of the descriptor", lz4_header(0x60, 0xc0) + lz4_stored(text), false},
            {"a wrong header checksum", wrong_check, false},
            {"the header checksum of old clients", old_check, false},
            {"a block larger than announced", lz4_header(0x60, 0x40) + lz4_stored(Bytes(70'000)),
             false},
            {"a skippable frame first", skippable + frame, false},
            {"a skippable frame behind", frame + skippable, false},
            {"a second frame", frame + frame, false},
            {"bytes behind the frame", frame + Bytes{1}, false},
            {"no end mark", Bytes(frame.begin(), frame.end() - 4), false},
            {"nothing", {}, false},
        });
}

// A frame with one raw block and no content size.
Bytes zstd_frame(std::uint8_t descriptor, const Bytes& fields, const Bytes& text) {
    const auto header = static_cast<std::uint32_t>(text.size() << 3 | 1);
    return Bytes{0x28, 0xb5, 0x2f, 0xfd, descriptor} + fields +
           Bytes{static_cast<std::uint8_t>(header), static_cast<std::uint8_t>(header >> 8),
                 static_cast<std::uint8_t>(header >> 16)} +
           text;
}

Bytes window_log(int log) {
    return {static_cast<std::uint8_t>((log - 10) << 3)};
}

TEST(Compress, ReadsTheZstdFramesThatJavaReads) {
    const auto text = text_of(1000);
    const Bytes head(text.begin(), text.begin() + 300);
    const Bytes tail(text.begin() + 300, text.end());
    const auto frame = zstd_frame(0, window_log(20), text);
    const Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'a', 'b', 'c', 'd'};
    const Bytes terabyte = {0, 0, 0, 0, 0, 1, 0, 0};
    expect_answers(
        Codec::zstd, text,
        {
            {"no content size", frame, true},
            {"the least window", zstd_frame(0, window_log(10), text), true},
            {"the largest window", zstd_frame(0, window_log(27), text), true},
            {"a window of 256 MiB", zstd_frame(0, window_log(28), text), false},
            {"a window of 2 GiB", zstd_frame(0, window_log(31), text), false},
            {"two frames",
             zstd_frame(0, window_log(20), head) + zstd_frame(0, window_log(20), tail), true},
            {"a skippable frame first", skippable + frame, true},
            {"a skippable frame behind", frame + skippable, true},
            {"a dictionary", zstd_frame(1, window_log(20) + Bytes{7}, text), false},
            {"dictionary 0, which is none", zstd_frame(1, window_log(20) + Bytes{0}, text), true},
            {"a reserved bit", zstd_frame(8, window_log(20), text), false},
            {"a content size that is too small", zstd_frame(0x60, {10, 0}, text), false},
            {"a content size of 1 TiB", zstd_frame(0xe0, terabyte, text), false},
            {"bytes behind the frame", frame + Bytes{1, 2, 3, 4, 5}, false},
            {"nothing", {}, false},
        });
}

Bytes gzip_member(const Bytes& text) {
    return compressed(Compression::standard(Codec::gzip), text);
}

TEST(Compress, ReadsTheGzipMembersThatJavaReads) {
    const auto text = text_of(1000);
    const auto member = gzip_member(text);
    const Bytes head(text.begin(), text.begin() + 300);
    const Bytes tail(text.begin() + 300, text.end());
    auto wrong_crc = member;
    wrong_crc[member.size() - 8] ^= 1;
    auto wrong_size = member;
    wrong_size[member.size() - 1] ^= 1;
    Bytes zlib_framed(2000);
    uLongf size = zlib_framed.size();
    ::compress(zlib_framed.data(), &size, text.data(), text.size());
    zlib_framed.resize(size);
    expect_answers(
        Codec::gzip, text,
        {
            {"one member", member, true},
            {"two members", gzip_member(head) + gzip_member(tail), true},
            {"an empty member behind", member + gzip_member({}), true},
            {"a wrong checksum", wrong_crc, false},
            {"a wrong size", wrong_size, false},
            {"zlib framing", zlib_framed, false},
            {"zeros behind", member + Bytes(30), false},
            {"bytes behind", member + bytes_of("abcdefgh"), false},
            {"half a member behind", member + Bytes(member.begin(), member.begin() + 40), false},
            {"nothing", {}, false},
        });
}

}  // namespace
}  // namespace milena::test
