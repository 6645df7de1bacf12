#include "protocol/wire/reader.h"

#include "protocol/wire/writer.h"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

namespace milena {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Reads with `read` and says what became of it.
struct Attempt {
    bool ok = false;
    std::string mistake;
    std::size_t left = 0;
};
Attempt attempt(const Bytes& bytes, const std::function<void(Reader&)>& read,
                const ReadLimits& limits = kRequestLimits) {
    Arena arena;
    Reader reader(bytes, arena, limits);
    read(reader);
    return {reader.ok(), reader.error("it").detail, reader.remaining()};
}

TEST(Reader, NumbersAreBigEndian) {
    Arena arena;
    const Bytes bytes{0xff, 0x01, 0x02, 0x80, 0, 0, 1, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 7};
    Reader reader(bytes, arena);
    EXPECT_EQ(reader.int8(), -1);
    EXPECT_EQ(reader.int16(), 0x0102);
    EXPECT_EQ(reader.uint32(), 0x80000001U);
    EXPECT_EQ(reader.float64(), 1.5);
    EXPECT_TRUE(reader.boolean()) << "any byte but zero is true";
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.remaining(), 0U);
}

struct VarintCase {
    std::string name;
    Bytes bytes;
    std::uint64_t value;
    bool ok;
};

TEST(Reader, VarintsHaveAtMostFiveBytes) {
    const VarintCase cases[] = {
        {"zero", {0}, 0, true},
        {"one byte", {0x7f}, 127, true},
        {"two bytes", {0x80, 0x01}, 128, true},
        {"longer than needed", {0x80, 0x00}, 0, true},
        {"greatest", {0xff, 0xff, 0xff, 0xff, 0x0f}, 0xffffffff, true},
        {"bits beyond the width", {0x81, 0x80, 0x80, 0x80, 0x7f}, 0xf0000001, true},
        {"six bytes", {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, 0, false},
        {"cut", {0x80}, 0, false},
        {"nothing", {}, 0, false},
    };
    for (const auto& c : cases) {
        std::uint32_t value = 0;
        const auto result = attempt(c.bytes, [&](Reader& r) { value = r.uvarint(); });
        EXPECT_EQ(result.ok, c.ok) << c.name;
        EXPECT_EQ(value, c.value) << c.name;
    }
}

TEST(Reader, VarlongsHaveAtMostTenBytes) {
    const Bytes greatest{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    const Bytes eleven{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    EXPECT_TRUE(attempt(greatest, [](Reader& r) {
                    EXPECT_EQ(r.uvarlong(), std::numeric_limits<std::uint64_t>::max());
                }).ok);
    EXPECT_TRUE(attempt(greatest, [](Reader& r) {
                    EXPECT_EQ(r.varlong(), std::numeric_limits<std::int64_t>::min());
                }).ok);
    EXPECT_FALSE(attempt(eleven, [](Reader& r) { EXPECT_EQ(r.varlong(), 0); }).ok);
}

TEST(Reader, VarintsComeBackFromTheWriter) {
    for (const std::int64_t n :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-64}, std::int64_t{64},
          std::int64_t{300}, std::int64_t{std::numeric_limits<std::int32_t>::max()},
          std::int64_t{std::numeric_limits<std::int32_t>::min()}}) {
        Bytes bytes(wire_size::varint(n));
        Writer writer(bytes);
        writer.varint(static_cast<std::int32_t>(n));
        EXPECT_EQ(writer.remaining(), 0U) << n;
        EXPECT_TRUE(attempt(bytes, [&](Reader& r) { EXPECT_EQ(r.varint(), n); }).ok);
        EXPECT_TRUE(attempt(bytes, [&](Reader& r) { EXPECT_EQ(r.varlong(), n); }).ok);
    }
}

using ReadFunction = void (*)(Reader&);

struct LengthCase {
    std::string name;
    Bytes bytes;
    ReadFunction read;
    bool ok;
};

void string(Reader& r) {
    r.string(false);
}
void compact_string(Reader& r) {
    r.string(true);
}
void nullable_string(Reader& r) {
    r.nullable_string(false, true);
}
void nullable_compact_string(Reader& r) {
    r.nullable_string(true, true);
}
void null_forbidden_string(Reader& r) {
    r.nullable_string(true, false);
}
void bytes(Reader& r) {
    r.bytes(false);
}
void compact_bytes(Reader& r) {
    r.bytes(true);
}
void records(Reader& r) {
    r.records(false, true);
}
void array(Reader& r) {
    r.fixed_array<std::int32_t>(false, false);
}
void nullable_array(Reader& r) {
    r.fixed_array<std::int32_t>(false, true);
}
void compact_array(Reader& r) {
    r.fixed_array<std::int32_t>(true, false);
}
void string_array(Reader& r) {
    r.string_array(true, false);
}

TEST(Reader, LengthsAreCheckedBeforeTheyAreBelieved) {
    const LengthCase cases[] = {
        {"string", {0, 2, 'a', 'b'}, string, true},
        {"empty string", {0, 0}, string, true},
        {"null where a string must be", {0xff, 0xff}, string, false},
        {"null string", {0xff, 0xff}, nullable_string, true},
        {"string of length -2", {0xff, 0xfe}, nullable_string, false},
        {"string longer than the rest", {0, 3, 'a', 'b'}, string, false},
        {"length of a string cut", {0}, string, false},
        {"compact string", {3, 'a', 'b'}, compact_string, true},
        {"compact null where a string must be", {0}, compact_string, false},
        {"compact null string", {0}, nullable_compact_string, true},
        {"null that the version forbids", {0}, null_forbidden_string, false},
        {"compact string of 2^32 - 2 bytes",
         {0xff, 0xff, 0xff, 0xff, 0x0f},
         nullable_compact_string,
         false},
        {"compact string longer than the rest", {4, 'a', 'b'}, compact_string, false},
        {"bytes", {0, 0, 0, 1, 9}, bytes, true},
        {"bytes of length -1", {0xff, 0xff, 0xff, 0xff}, bytes, false},
        {"bytes of 2 GiB", {0x7f, 0xff, 0xff, 0xff, 1}, bytes, false},
        {"compact bytes longer than the rest", {9, 1, 2}, compact_bytes, false},
        {"null records", {0xff, 0xff, 0xff, 0xff}, records, true},
        {"records of length -2", {0xff, 0xff, 0xff, 0xfe}, records, false},
        {"records longer than the rest", {0, 0, 0, 5, 1, 2, 3, 4}, records, false},
        {"array", {0, 0, 0, 1, 0, 0, 0, 7}, array, true},
        {"empty array", {0, 0, 0, 0}, array, true},
        {"null where an array must be", {0xff, 0xff, 0xff, 0xff}, array, false},
        {"null array", {0xff, 0xff, 0xff, 0xff}, nullable_array, true},
        {"array of length -2", {0xff, 0xff, 0xff, 0xfe}, nullable_array, false},
        {"array of 2^31 - 1", {0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1}, array, false},
        {"array one element short", {0, 0, 0, 2, 0, 0, 0, 7}, array, false},
        {"compact null where an array must be", {0}, compact_array, false},
        {"array of strings that claims more than can be", {9, 1, 1, 1}, string_array, false},
    };
    for (const auto& c : cases) {
        const auto result = attempt(c.bytes, c.read);
        EXPECT_EQ(result.ok, c.ok) << c.name << ": " << result.mistake;
        EXPECT_EQ(result.left, 0U) << c.name;
    }
}

TEST(Reader, CompactStringHasAtMost32767Bytes) {
    for (const std::size_t size : {std::size_t{32767}, std::size_t{32768}}) {
        Bytes bytes(size + wire_size::uvarint(size + 1), 'x');
        Writer(bytes).uvarint(static_cast<std::uint32_t>(size + 1));
        EXPECT_EQ(attempt(bytes, compact_string).ok, size == 32767);
    }
}

TEST(Reader, AMistakeSticksAndNamesItsPlace) {
    const Bytes bytes{1, 2, 0xff, 0xfe, 1, 2, 3, 4};
    Arena arena;
    Reader reader(bytes, arena);
    reader.int16();
    reader.string(false);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.int32(), 0);
    EXPECT_EQ(reader.string(true), "");
    EXPECT_TRUE(reader.fixed_array<std::int64_t>(true, true).empty());
    EXPECT_EQ(reader.remaining(), 0U);
    const auto error = reader.error("ThatMessage");
    EXPECT_EQ(error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(error.detail, "ThatMessage: a length is negative (at byte 4)");
}

TEST(Reader, ArraysTakeNoMoreMemoryThanTheLimitsAllow) {
    // A million empty strings: one byte each here, sixteen in memory.
    constexpr std::uint32_t kCount = 1'000'000;
    Bytes bytes(kCount + wire_size::uvarint(kCount + 1), 1);
    Writer(bytes).uvarint(kCount + 1);
    EXPECT_FALSE(attempt(bytes, string_array).ok);
    const ReadLimits generous{16, 4096, 64, 64};
    EXPECT_TRUE(attempt(bytes, string_array, generous).ok);
}

Bytes tagged(std::initializer_list<std::pair<std::uint32_t, Bytes>> fields) {
    Bytes out{static_cast<std::uint8_t>(fields.size())};
    for (const auto& [tag, value] : fields) {
        out.push_back(static_cast<std::uint8_t>(tag));
        out.push_back(static_cast<std::uint8_t>(value.size()));
        out.insert(out.end(), value.begin(), value.end());
    }
    return out;
}

// Knows tag 0, an int16.
void read_tags(Reader& r) {
    for (TagReader tags(r, true); tags.next();) {
        if (tags.tag() == 0) {
            r.int16();
        } else {
            tags.skip();
        }
    }
}

TEST(TagReader, TakesTheFieldsItKnowsAndPassesOverTheOthers) {
    const std::tuple<std::string, Bytes, bool> cases[] = {
        {"none", {0}, true},
        {"known", tagged({{0, {1, 2}}}), true},
        {"unknown", tagged({{5, {1, 2, 3}}}), true},
        {"unknown twice", tagged({{5, {1}}, {5, {2}}}), true},
        {"unknown before known", tagged({{5, {}}, {0, {1, 2}}}), true},
        {"known twice", tagged({{0, {1, 2}}, {0, {1, 2}}}), false},
        {"known, too short", tagged({{0, {1}}}), false},
        {"known, too short, and more behind", tagged({{0, {1}}, {5, {1, 2, 3}}}), false},
        {"known, too long", tagged({{0, {1, 2, 3}}}), false},
        {"known, too long, not the last", tagged({{0, {1, 2, 3}}, {5, {}}}), false},
        {"size beyond the end", {1, 5, 9, 1}, false},
        {"size of 2^31 - 1", {1, 5, 0xff, 0xff, 0xff, 0xff, 0x07}, false},
        {"fewer than claimed", {2, 5, 0}, false},
        {"2^32 - 1 of them", {0xff, 0xff, 0xff, 0xff, 0x0f}, false},
        {"cut before the count", {}, false},
    };
    for (const auto& [name, bytes, ok] : cases) {
        const auto result = attempt(bytes, read_tags);
        EXPECT_EQ(result.ok, ok) << name << ": " << result.mistake;
        EXPECT_EQ(result.left, 0U) << name;
    }
}

TEST(TagReader, HasBoundsOnRequests) {
    Bytes many{65};
    for (std::uint8_t i = 0; i < 65; ++i) many.insert(many.end(), {i, 0});
    EXPECT_FALSE(attempt(many, [](Reader& r) { r.skip_tags(true); }).ok);
    EXPECT_TRUE(attempt(many, [](Reader& r) { r.skip_tags(true); }, kTrustedLimits).ok);

    Bytes large(70'000, 0);
    Writer writer(large);
    writer.uvarint(1);
    writer.uvarint(7);
    writer.uvarint(65'537);
    EXPECT_FALSE(attempt(large, [](Reader& r) { r.skip_tags(true); }).ok);
    EXPECT_TRUE(attempt(large, [](Reader& r) { r.skip_tags(true); }, kTrustedLimits).ok);
}

TEST(TagReader, ReadsNothingInOldVersions) {
    EXPECT_EQ(attempt({9, 9}, [](Reader& r) { r.skip_tags(false); }).left, 2U);
}

}  // namespace
}  // namespace milena
