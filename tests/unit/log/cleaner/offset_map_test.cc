#include "log/cleaner/offset_map.h"

#include "protocol/base/random.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace milena::log {
namespace {

constexpr std::uint64_t kSeed = 7;

std::uint64_t always_the_same(ByteView, std::uint64_t) {
    return 0x1234'5678'9abc'def0ULL;
}

TEST(OffsetMap, KnowsTheLastOffsetOfAKey) {
    OffsetMap map(1 << 20, 0.9, kSeed);
    EXPECT_EQ(map.find(as_bytes("a")), kNoOffset);
    ASSERT_TRUE(map.put(as_bytes("a"), Offset{3}));
    ASSERT_TRUE(map.put(as_bytes("b"), Offset{4}));
    ASSERT_TRUE(map.put(as_bytes("a"), Offset{9}));
    EXPECT_EQ(map.find(as_bytes("a")), Offset{9});
    EXPECT_EQ(map.find(as_bytes("b")), Offset{4});
    EXPECT_EQ(map.find(as_bytes("")), kNoOffset);
    EXPECT_EQ(map.size(), 2U);
    EXPECT_EQ(map.latest_offset(), Offset{9});
}

TEST(OffsetMap, AnEmptyKeyIsAKey) {
    OffsetMap map(1 << 20, 0.9, kSeed);
    ASSERT_TRUE(map.put(ByteView{}, Offset{1}));
    EXPECT_EQ(map.find(ByteView{}), Offset{1});
}

TEST(OffsetMap, KeysThatShareAHashStayApart) {
    OffsetMap map(1 << 20, 0.9, kSeed, always_the_same);
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(map.put(as_bytes("key" + std::to_string(i)), Offset{i}));
    }
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(map.find(as_bytes("key" + std::to_string(i))), Offset{i});
    }
    EXPECT_EQ(map.find(as_bytes("key300")), kNoOffset);
}

TEST(OffsetMap, StaysWithinItsMemoryAndSaysWhenItIsFull) {
    for (const std::uint64_t limit : {8U << 10U, 100U << 10U, 1U << 20U}) {
        SCOPED_TRACE(limit);
        OffsetMap map(limit, 0.9, kSeed);
        std::int64_t taken = 0;
        while (map.put(as_bytes("key" + std::to_string(taken)), Offset{taken})) {
            ASSERT_LE(map.memory_used(), limit);
            ++taken;
            ASSERT_LT(taken, 1'000'000);
        }
        // At least a third of the memory is put to use.
        EXPECT_GT(static_cast<std::uint64_t>(taken) * (16 + 4 + 8) * 3, limit);
        EXPECT_EQ(map.find(as_bytes("key" + std::to_string(taken))), kNoOffset);
        EXPECT_EQ(map.latest_offset(), Offset{taken - 1});
        // What is there can still move on.
        EXPECT_TRUE(map.put(as_bytes("key0"), Offset{taken}));
        EXPECT_EQ(map.find(as_bytes("key0")), Offset{taken});
    }
}

TEST(OffsetMap, AKeyThatWouldTakeAQuarterOfTheMemoryIsPassedOver) {
    OffsetMap map(8U << 10U, 0.9, kSeed);
    const std::string giant(3'000, 'k');
    ASSERT_TRUE(map.too_long(as_bytes(giant)));
    EXPECT_TRUE(map.put(as_bytes(giant), Offset{5}));
    EXPECT_EQ(map.find(as_bytes(giant)), kNoOffset);
    EXPECT_EQ(map.latest_offset(), Offset{5});
}

TEST(OffsetMap, ClearGivesEverythingBack) {
    OffsetMap map(1 << 20, 0.9, kSeed);
    for (int i = 0; i < 1'000; ++i) map.put(as_bytes(std::to_string(i)), Offset{i});
    map.clear();
    EXPECT_LT(map.memory_used(), 100U);
    EXPECT_EQ(map.size(), 0U);
    EXPECT_EQ(map.latest_offset(), kNoOffset);
    EXPECT_EQ(map.find(as_bytes("1")), kNoOffset);
}

TEST(OffsetMap, AgreesWithAPlainMap) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    OffsetMap map(4 << 20, 0.9, random.next());
    std::map<std::string, std::int64_t> model;
    for (std::int64_t i = 0; i < 50'000; ++i) {
        std::string key(random.below(40), 'x');
        for (char& c : key) c = static_cast<char>('a' + random.below(3));
        ASSERT_TRUE(map.put(as_bytes(key), Offset{i}));
        model[key] = i;
    }
    ASSERT_EQ(map.size(), model.size());
    for (const auto& [key, offset] : model) ASSERT_EQ(map.find(as_bytes(key)), Offset{offset});
}

}  // namespace
}  // namespace milena::log
