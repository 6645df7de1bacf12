#include "log/batch_scan.h"

#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>
#include <zlib.h>

namespace milena::log::test {
namespace {

// A message of magic 0 or 1 as Kafka before 0.11 wrote it: key null, value of one byte.
std::vector<std::uint8_t> old_message(std::int8_t magic, std::int64_t offset,
                                      std::int64_t timestamp) {
    std::vector<std::uint8_t> bytes(magic == 0 ? 27 : 35);
    store_be(bytes.data(), offset);
    store_be(bytes.data() + 8, static_cast<std::int32_t>(bytes.size() - 12));
    bytes[16] = static_cast<std::uint8_t>(magic);
    std::uint8_t* rest = bytes.data() + 18;
    if (magic == 1) {
        store_be(rest, timestamp);
        rest += 8;
    }
    store_be(rest, std::int32_t{-1});
    store_be(rest + 4, std::int32_t{1});
    rest[8] = 'v';
    const auto crc = ::crc32_z(0, bytes.data() + 16, bytes.size() - 16);
    store_be(bytes.data() + 12, static_cast<std::uint32_t>(crc));
    return bytes;
}

class BatchScanTest : public testing::Test {
  protected:
    void add(std::vector<std::uint8_t> batch, std::int64_t offset) {
        set_base_offset(batch, Offset{offset});
        add_raw(batch);
    }
    void add_raw(const std::vector<std::uint8_t>& bytes) {
        all_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    std::shared_ptr<File> file() {
        disk_.put("/d/f", all_);
        return value_of(disk_.open("/d/f", OpenMode::read));
    }

    MemoryDisk disk_;
    std::string all_;
};

TEST_F(BatchScanTest, WalksBatchesOfAnySizeThroughAnyWindow) {
    const std::size_t sizes[] = {1, 10, 4'000, 5'000, 1, 70'000, 3, 4'030};
    std::int64_t offset = 100;
    for (const std::size_t size : sizes) {
        add(make_batch({.records = 2, .value_bytes = size}), offset);
        offset += 2;
    }
    for (const std::size_t window : {61U, 100U, 4096U, 1U << 20U}) {
        const auto source = file();
        BatchScanner scanner(*source, 0, all_.size(), window);
        std::int64_t expected = 100;
        std::uint64_t position = 0;
        for (std::size_t i = 0; i < std::size(sizes); ++i) {
            const auto head = value_of(scanner.next());
            ASSERT_TRUE(head) << window << " " << i;
            EXPECT_EQ(head->base_offset, Offset{expected});
            EXPECT_EQ(head->last_offset, Offset{expected + 1});
            EXPECT_EQ(head->position, position);
            if (i % 2 == 1) {
                const ByteView body = value_of(scanner.body());
                ASSERT_EQ(body.size(), head->size);
                EXPECT_TRUE(batch_checksum_matches(*head, body));
            }
            position = head->end();
            expected += 2;
        }
        EXPECT_EQ(value_of(scanner.next()), std::nullopt);
        EXPECT_EQ(scanner.position(), all_.size());
    }
}

TEST_F(BatchScanTest, ACutBatchIsTheEndWhereverItIsCut) {
    add(make_batch({.records = 1}), 0);
    const std::size_t whole = all_.size();
    add(make_batch({.records = 1}), 1);
    const std::string full = all_;
    for (std::size_t length = whole; length < full.size(); ++length) {
        all_ = full.substr(0, length);
        const auto source = file();
        BatchScanner scanner(*source, 0, length, 4096);
        EXPECT_TRUE(value_of(scanner.next()));
        EXPECT_EQ(value_of(scanner.next()), std::nullopt) << length;
        EXPECT_EQ(scanner.position(), whole) << length;
    }
}

TEST_F(BatchScanTest, WhatIsNoBatchIsCorruption) {
    const auto sound = make_batch();
    const struct {
        const char* what;
        std::function<void(std::vector<std::uint8_t>&)> damage;
    } rows[] = {
        {"zeros", [](auto& bytes) { std::fill(bytes.begin(), bytes.end(), 0); }},
        {"negative length", [](auto& bytes) { bytes[8] = 0xff; }},
        {"short length", [](auto& bytes) { store_be(bytes.data() + 8, std::int32_t{48}); }},
        {"magic 3", [](auto& bytes) { bytes[16] = 3; }},
        {"magic -1", [](auto& bytes) { bytes[16] = 0xff; }},
        {"negative offset", [](auto& bytes) { bytes[0] = 0x80; }},
        {"negative last offset", [](auto& bytes) { bytes[23] = 0x80; }},
    };
    for (const auto& row : rows) {
        all_.clear();
        add(sound, 0);
        const std::size_t whole = all_.size();
        auto bad = sound;
        row.damage(bad);
        add_raw(bad);
        const auto source = file();
        BatchScanner scanner(*source, 0, all_.size(), 4096);
        EXPECT_TRUE(value_of(scanner.next()));
        const auto next = scanner.next();
        ASSERT_FALSE(next) << row.what;
        EXPECT_TRUE(is_corruption(next.error()));
        EXPECT_EQ(scanner.position(), whole);
    }
}

TEST_F(BatchScanTest, AChecksumOfZeroIsAChecksum) {
    auto batch = make_batch();
    store_be(batch.data() + 17, std::uint32_t{0});
    const auto head = value_of(parse_batch_head(batch));
    EXPECT_FALSE(batch_checksum_matches(*head, batch));
}

TEST_F(BatchScanTest, ReadsWhatOldKafkaWrote) {
    add_raw(old_message(0, 5, 0));
    add_raw(old_message(1, 9, 1'234));
    add(make_batch({.timestamp = 5'000}), 10);
    const auto source = file();
    BatchScanner scanner(*source, 0, all_.size(), 4096);
    const auto v0 = value_of(scanner.next());
    ASSERT_TRUE(v0);
    EXPECT_EQ(v0->magic, 0);
    EXPECT_EQ(v0->last_offset, Offset{5});
    EXPECT_EQ(v0->max_timestamp, kNoTimestamp);
    EXPECT_TRUE(batch_checksum_matches(*v0, value_of(scanner.body())));
    const auto v1 = value_of(scanner.next());
    ASSERT_TRUE(v1);
    EXPECT_EQ(v1->magic, 1);
    EXPECT_EQ(v1->last_offset, Offset{9});
    EXPECT_EQ(v1->max_timestamp, TimestampMs{1'234});
    EXPECT_TRUE(batch_checksum_matches(*v1, value_of(scanner.body())));
    const auto v2 = value_of(scanner.next());
    ASSERT_TRUE(v2);
    EXPECT_EQ(v2->max_timestamp, TimestampMs{5'000});
}

}  // namespace
}  // namespace milena::log::test
