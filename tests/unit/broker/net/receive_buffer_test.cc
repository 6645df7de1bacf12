#include "broker/net/receive_buffer.h"

#include "protocol/base/random.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

std::vector<std::uint8_t> some_bytes(SeededRandom& random, std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    return bytes;
}

TEST(ReceiveBuffer, TakesExactlyTheMemoryOfItsFirstBytesAndGivesItBack) {
    BlockCache cache;
    ReceiveBuffer buffer(cache);
    EXPECT_EQ(buffer.capacity(), 0U);
    buffer.append(std::vector<std::uint8_t>(5));
    EXPECT_EQ(buffer.capacity(), 5U);
    buffer.drop(5);
    EXPECT_TRUE(buffer.empty());
    EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(ReceiveBuffer, RoomIsBoundedByWhatCameNotByWhatIsWanted) {
    BlockCache cache;
    ReceiveBuffer buffer(cache);
    buffer.append(std::vector<std::uint8_t>(4));
    EXPECT_EQ(buffer.room(100 * 1024 * 1024).size(), 4U);
    buffer.grew(4);
    EXPECT_EQ(buffer.room(100 * 1024 * 1024).size(), 8U);
    EXPECT_EQ(buffer.capacity(), 16U);
    EXPECT_EQ(buffer.room(3).size(), 3U);
}

TEST(ReceiveBuffer, HoldsWhatWasPutInAndAtMostTwiceItsMemory) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        BlockCache cache;
        ReceiveBuffer buffer(cache);
        std::vector<std::uint8_t> model;
        std::size_t most = 0;
        for (int step = 0; step < 200; ++step) {
            const auto choice = random.below(4);
            if (choice == 0) {
                const auto bytes = some_bytes(random, random.below(3000));
                buffer.append(bytes);
                model.insert(model.end(), bytes.begin(), bytes.end());
            } else if (choice == 1 && !buffer.empty()) {
                const auto bytes = some_bytes(random, random.below(3000) + 1);
                const auto room = buffer.room(bytes.size());
                ASSERT_GT(room.size(), 0U);
                ASSERT_LE(room.size(), bytes.size());
                std::copy_n(bytes.begin(), room.size(), room.begin());
                buffer.grew(room.size());
                model.insert(model.end(), bytes.begin(),
                             bytes.begin() + static_cast<std::ptrdiff_t>(room.size()));
            } else if (choice == 2) {
                const auto count = random.below(model.size() + 1);
                buffer.drop(count);
                model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
            } else {
                buffer.shrink();
            }
            most = std::max(most, model.size());
            ASSERT_TRUE(std::ranges::equal(buffer.bytes(), model));
            ASSERT_LE(buffer.capacity(), 2 * most);
            if (model.empty()) {
                ASSERT_EQ(buffer.capacity(), 0U);
                most = 0;
            }
        }
    }
}

TEST(ReceiveBuffer, MovedFromIsEmptyAndTheMovedKeepsTheBytes) {
    BlockCache cache;
    ReceiveBuffer first(cache);
    first.append(std::vector<std::uint8_t>{1, 2, 3});
    ReceiveBuffer second(std::move(first));
    EXPECT_TRUE(first.empty());
    EXPECT_EQ(first.capacity(), 0U);
    first.append(std::vector<std::uint8_t>{9});
    first = std::move(second);
    EXPECT_TRUE(second.empty());
    EXPECT_EQ(second.capacity(), 0U);
    EXPECT_EQ(first.bytes()[2], 3);
}

TEST(BlockCache, GivesTheSmallestThatFitsAndKeepsTheLargest) {
    BlockCache cache;
    constexpr std::size_t kUnit = BlockCache::kBlockMin;
    for (const std::size_t units : {1, 2, 3, 4, 5}) cache.give(Block(units * kUnit));
    cache.give(Block(kUnit - 1));
    cache.give(Block(BlockCache::kBlockMax + 1));
    EXPECT_EQ(cache.take(kUnit).capacity(), 2 * kUnit) << "the smallest had to make room";
    EXPECT_EQ(cache.take(4 * kUnit).capacity(), 4 * kUnit);
    EXPECT_EQ(cache.take(4 * kUnit).capacity(), 5 * kUnit);
    EXPECT_EQ(cache.take(4 * kUnit).data(), nullptr);
    EXPECT_EQ(cache.take(kUnit).capacity(), 3 * kUnit);
    EXPECT_EQ(cache.take(1).data(), nullptr);
}

TEST(Block, KeepsItsBytesWhileItGrows) {
    constexpr std::size_t kMapped = Block::kMappedMin;
    for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{10, 1000},
                                   {1000, kMapped},
                                   {kMapped - 1, kMapped + 1},
                                   {kMapped, 5 * kMapped},
                                   {3 * kMapped, 3 * kMapped + 1}}) {
        SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
        Block block(from);
        for (std::size_t i = 0; i < from; ++i) block.data()[i] = static_cast<std::uint8_t>(i * 7);
        block = grown(std::move(block), from, to);
        ASSERT_EQ(block.capacity(), to);
        bool same = true;
        for (std::size_t i = 0; i < from; ++i) {
            same &= block.data()[i] == static_cast<std::uint8_t>(i * 7);
        }
        EXPECT_TRUE(same);
        block.data()[to - 1] = 1;
    }
}

}  // namespace
}  // namespace milena::net
