#include "protocol/wire/writer.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena {
namespace {

using Bytes = std::vector<std::uint8_t>;

// What `write` makes of `size` bytes; fails unless it fills them exactly.
template <class F>
Bytes written(std::size_t size, F write) {
    Bytes bytes(size, 0xee);
    Writer writer(bytes);
    write(writer);
    EXPECT_EQ(writer.remaining(), 0U);
    EXPECT_TRUE(writer.ok()) << writer.error("it").detail;
    return bytes;
}

TEST(Writer, NumbersAreBigEndian) {
    EXPECT_EQ(written(2, [](Writer& w) { w.int16(-2); }), (Bytes{0xff, 0xfe}));
    EXPECT_EQ(written(4, [](Writer& w) { w.uint32(0x80000001); }), (Bytes{0x80, 0, 0, 1}));
    EXPECT_EQ(written(8, [](Writer& w) { w.float64(1.5); }), (Bytes{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(written(16, [](Writer& w) { w.uuid({1, 2}); }),
              (Bytes{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2}));
}

TEST(Writer, VarintSizesAreExact) {
    for (const std::uint64_t n :
         {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{16383},
          std::uint64_t{16384}, std::uint64_t{0xffffffff}, ~std::uint64_t{0}}) {
        written(wire_size::uvarint(n), [&](Writer& w) { w.uvarlong(n); });
    }
    EXPECT_EQ(wire_size::uvarint(0xffffffff), 5U);
    EXPECT_EQ(wire_size::uvarint(~std::uint64_t{0}), 10U);
}

TEST(Writer, DurationsThatDoNotFitBecomeTheGreatestThatDo) {
    EXPECT_EQ(written(4, [](Writer& w) { w.millis32(Millis(1LL << 40)); }),
              (Bytes{0x7f, 0xff, 0xff, 0xff}));
    EXPECT_EQ(written(4, [](Writer& w) { w.millis32(Millis(-1)); }),
              (Bytes{0xff, 0xff, 0xff, 0xff}));
    EXPECT_EQ(written(8, [](Writer& w) { w.millis64(Millis(1LL << 40)); }),
              (Bytes{0, 0, 1, 0, 0, 0, 0, 0}));
}

TEST(Writer, NullIsAllOnesInTheOldFormAndZeroInTheCompactOne) {
    const NullableString null;
    EXPECT_EQ(written(2, [&](Writer& w) { w.nullable_string(null, false, true, "f"); }),
              (Bytes{0xff, 0xff}));
    EXPECT_EQ(written(1, [&](Writer& w) { w.nullable_string(null, true, true, "f"); }), (Bytes{0}));
    EXPECT_EQ(written(4, [](Writer& w) { w.nullable_bytes({}, false, true, "f"); }),
              (Bytes{0xff, 0xff, 0xff, 0xff}));
    EXPECT_EQ(written(1, [](Writer& w) { w.records({}, true, true, "f"); }), (Bytes{0}));
    const auto array = Array<std::int32_t>::null();
    EXPECT_EQ(written(1, [&](Writer& w) { w.fixed_array(array, true, true, "f"); }), (Bytes{0}));
    EXPECT_EQ(written(1, [&](Writer& w) { w.struct_present(false, true, "f"); }), (Bytes{0xff}));
    EXPECT_EQ(written(1, [&](Writer& w) { w.tagged_struct_present(false, true, "f"); }),
              (Bytes{0}));
}

TEST(Writer, NullThatTheVersionForbidsIsAMistakeThatNamesTheField) {
    Bytes bytes(2);
    Writer writer(bytes);
    writer.nullable_string({}, false, false, "that_field");
    EXPECT_FALSE(writer.ok());
    EXPECT_EQ(writer.error("ThatMessage").detail,
              "ThatMessage: that_field is null, which the version does not allow");
    EXPECT_EQ(writer.error("ThatMessage").code, ErrorCode::UNSUPPORTED_VERSION);
}

TEST(Writer, StringLongerThanTheProtocolAllowsIsAMistake) {
    const std::string text(32768, 'x');
    for (const bool compact : {false, true}) {
        Bytes bytes(wire_size::string(text, compact));
        Writer writer(bytes);
        writer.string(text, compact);
        EXPECT_FALSE(writer.ok());
    }
}

class Blob final : public SliceSource {
  public:
    int native_handle() const override { return -1; }
    std::int64_t read_some(std::uint64_t, MutableBytes) const override { return 0; }
};

TEST(Writer, RangeOfAFileNeedsAFrame) {
    const auto blob = std::make_shared<Blob>();
    const Records range(*blob, 10, 20);
    Bytes bytes(wire_size::records(range, false));
    Writer without(bytes);
    without.records(range, false, true, "records");
    EXPECT_FALSE(without.ok());

    std::vector<OutFrame::Splice> splices;
    Writer with(bytes, &splices);
    with.records(range, false, true, "records");
    EXPECT_TRUE(with.ok());
    EXPECT_EQ(bytes, (Bytes{0, 0, 0, 20}));
    ASSERT_EQ(splices.size(), 1U);
    EXPECT_EQ(splices[0].at, 4U);
    EXPECT_EQ(splices[0].slice.source, blob);
}

TEST(Writer, EmptyRangeOfAFileIsNoSplice) {
    const auto blob = std::make_shared<Blob>();
    std::vector<OutFrame::Splice> splices;
    Bytes bytes(1);
    Writer writer(bytes, &splices);
    writer.records(Records(*blob, 10, 0), true, true, "records");
    EXPECT_EQ(bytes, (Bytes{1})) << "empty, not null";
    EXPECT_TRUE(splices.empty());
}

TEST(WriterDeathTest, WritingPastTheMemoryIsOurMistake) {
    Bytes bytes(3);
    Writer writer(bytes);
    EXPECT_DEATH(writer.int32(1), "remaining");
}

}  // namespace
}  // namespace milena
