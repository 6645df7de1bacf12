// The three indexes and the file they share.

#include "log/offset_index.h"
#include "log/time_index.h"
#include "log/txn_index.h"
#include "tests/unit/log/support/log_fixture.h"

#include <algorithm>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

constexpr Offset kBase{1'000};

class IndexTest : public testing::Test {
  protected:
    IndexTest() { expect_ok(disk_.make_dir("/p")); }

    std::uint64_t length(std::string_view extension) {
        const std::string path = "/p/00000000000000001000" + std::string(extension);
        return disk_.has(path) ? disk_.bytes(path).size() : 0;
    }

    MemoryDisk disk_;
    FileCache files_{4};
    LogPlace place_{disk_, "/p", files_};
};

TEST_F(IndexTest, OffsetIndexFindsTheLastEntryAtOrBelow) {
    // Around the sizes of the buffer and of the page that a search reads.
    for (const int entries : {0, 1, 2, 31, 32, 33, 511, 512, 513, 2'000}) {
        OffsetIndex index(place_, kBase, 0);
        expect_ok(index.file().reset());
        for (int i = 0; i < entries; ++i) {
            index.append(kBase + 3 + std::int64_t{i} * 10, static_cast<std::uint64_t>(i) * 100);
        }
        for (std::int64_t relative = 0; relative < entries * 10 + 20; ++relative) {
            const auto found = value_of(index.lookup(kBase + relative));
            const auto expected = std::min<std::int64_t>((relative - 3 + 10) / 10, entries) - 1;
            if (relative < 3 || entries == 0) {
                EXPECT_EQ(found, (IndexedPosition{kBase, 0})) << entries << " " << relative;
            } else {
                EXPECT_EQ(found, (IndexedPosition{kBase + 3 + expected * 10,
                                                  static_cast<std::uint64_t>(expected) * 100}))
                    << entries << " " << relative;
            }
        }
    }
}

TEST_F(IndexTest, OffsetIndexBytesAreKafkas) {
    OffsetIndex index(place_, kBase, 0);
    index.append(kBase + 5, 0x01020304);
    expect_ok(index.file().flush());
    EXPECT_EQ(disk_.text("/p/00000000000000001000.index"),
              std::string("\x00\x00\x00\x05\x01\x02\x03\x04", 8));
}

TEST_F(IndexTest, OffsetIndexCutsEntriesFromAnOffsetOn) {
    for (const std::int64_t cut : {0, 3, 4, 13, 14, 303, 309, 320, 323, 5'000}) {
        OffsetIndex index(place_, kBase, 0);
        expect_ok(index.file().reset());
        for (int i = 0; i < 40; ++i)
            index.append(kBase + 3 + i * 10, static_cast<std::uint64_t>(i));
        expect_ok(index.truncate_to(kBase + cut));
        const auto last = value_of(index.last());
        EXPECT_TRUE(!last || last->offset < kBase + cut) << cut;
        const std::size_t kept = cut <= 3 ? 0 : std::min<std::size_t>((cut - 4) / 10 + 1, 40);
        EXPECT_EQ(index.file().size(), kept) << cut;
        // What comes next lands behind what is left.
        index.append(kBase + 10'000, 77);
        expect_ok(index.file().flush());
        EXPECT_EQ(length(".index"), (kept + 1) * OffsetIndex::kEntryBytes);
        OffsetIndex reopened(place_, kBase, length(".index"));
        EXPECT_EQ(value_of(reopened.last()), (IndexedPosition{kBase + 10'000, 77}));
    }
}

TEST_F(IndexTest, FirstEntryAtOrBehindAPosition) {
    OffsetIndex index(place_, kBase, 0);
    for (int i = 0; i < 100; ++i) {
        index.append(kBase + i, static_cast<std::uint64_t>(i) * 1'000);
    }
    EXPECT_EQ(value_of(index.first_at_position(0))->offset, kBase);
    EXPECT_EQ(value_of(index.first_at_position(1))->offset, kBase + 1);
    EXPECT_EQ(value_of(index.first_at_position(50'000))->offset, kBase + 50);
    EXPECT_EQ(value_of(index.first_at_position(99'000))->offset, kBase + 99);
    EXPECT_EQ(value_of(index.first_at_position(99'001)), std::nullopt);
}

TEST_F(IndexTest, EntriesWaitWhenTheDiskIsFullAndAreWrittenLater) {
    OffsetIndex index(place_, kBase, 0);
    disk_.capacity = 0;
    for (int i = 0; i < 100; ++i) index.append(kBase + i, static_cast<std::uint64_t>(i));
    EXPECT_EQ(index.file().flush().error().io, IoCause::no_space);
    EXPECT_EQ(value_of(index.lookup(kBase + 50)), (IndexedPosition{kBase + 50, 50}));
    disk_.capacity.reset();
    expect_ok(index.file().flush());
    OffsetIndex reopened(place_, kBase, length(".index"));
    EXPECT_EQ(reopened.file().size(), 100U);
    EXPECT_EQ(value_of(reopened.lookup(kBase + 50)), (IndexedPosition{kBase + 50, 50}));
}

TEST_F(IndexTest, FullnessCountsWholeEntriesAndTimeIndexKeepsOneFree) {
    OffsetIndex offsets(place_, kBase, 0);
    TimeIndex times(place_, kBase, 0);
    EXPECT_FALSE(offsets.is_full(17));
    EXPECT_FALSE(times.is_full(25));
    offsets.append(kBase, 0);
    times.maybe_append({TimestampMs{1}, kBase});
    EXPECT_FALSE(offsets.is_full(17));
    EXPECT_TRUE(times.is_full(25)) << "the second entry is for sealing";
    offsets.append(kBase + 1, 1);
    EXPECT_TRUE(offsets.is_full(17));
}

TEST_F(IndexTest, TimeIndexTakesOnlyLaterTimestamps) {
    TimeIndex index(place_, kBase, 0);
    index.maybe_append({kNoTimestamp, kBase});
    EXPECT_TRUE(index.file().empty());
    index.maybe_append({TimestampMs{10}, kBase + 1});
    index.maybe_append({TimestampMs{10}, kBase + 2});
    index.maybe_append({TimestampMs{9}, kBase + 3});
    index.maybe_append({TimestampMs{20}, kBase + 4});
    EXPECT_EQ(index.file().size(), 2U);
    EXPECT_EQ(value_of(index.lookup(TimestampMs{9})), (IndexedTimestamp{kNoTimestamp, kBase}));
    EXPECT_EQ(value_of(index.lookup(TimestampMs{19})),
              (IndexedTimestamp{TimestampMs{10}, kBase + 1}));
    EXPECT_EQ(value_of(index.lookup(TimestampMs{20})),
              (IndexedTimestamp{TimestampMs{20}, kBase + 4}));
    expect_ok(index.file().flush());
    EXPECT_EQ(disk_.text("/p/00000000000000001000.timeindex").substr(0, 12),
              std::string("\0\0\0\0\0\0\0\x0a\0\0\0\x01", 12));
}

TEST_F(IndexTest, TimeIndexRemembersItsLastTimestampOverReopenAndCut) {
    {
        TimeIndex index(place_, kBase, 0);
        index.maybe_append({TimestampMs{10}, kBase + 1});
        index.maybe_append({TimestampMs{20}, kBase + 4});
        expect_ok(index.file().flush());
    }
    TimeIndex index(place_, kBase, length(".timeindex"));
    expect_ok(index.load_last());
    index.maybe_append({TimestampMs{20}, kBase + 5});
    EXPECT_EQ(index.file().size(), 2U);
    expect_ok(index.truncate_to(kBase + 4));
    EXPECT_EQ(index.file().size(), 1U);
    index.maybe_append({TimestampMs{15}, kBase + 4});
    EXPECT_EQ(value_of(index.last()), (IndexedTimestamp{TimestampMs{15}, kBase + 4}));
}

AbortedTransaction aborted(std::int64_t producer, std::int64_t first, std::int64_t last,
                           std::int64_t stable) {
    return {ProducerId{producer}, Offset{first}, Offset{last}, Offset{stable}};
}

TEST_F(IndexTest, TxnIndexGivesWhatOverlapsAndSaysWhenThatIsAll) {
    TxnIndex index(place_, kBase, 0);
    const auto a = aborted(1, 1'000, 1'010, 1'005);
    const auto b = aborted(2, 1'005, 1'020, 1'021);
    const auto c = aborted(3, 1'030, 1'040, 1'041);
    for (const auto& each : {a, b, c}) index.append(each);
    const struct {
        std::int64_t from;
        std::int64_t bound;
        std::vector<AbortedTransaction> found;
        bool complete;
    } rows[] = {
        {1'000, 1'003, {a}, true},  {1'000, 1'006, {a, b}, true},    {1'011, 1'021, {b}, true},
        {1'021, 1'030, {}, true},   {1'000, 1'031, {a, b, c}, true}, {1'041, 1'050, {}, false},
        {1'040, 1'050, {c}, false},
    };
    for (const auto& row : rows) {
        std::vector<AbortedTransaction> found;
        EXPECT_EQ(value_of(index.collect(Offset{row.from}, Offset{row.bound}, found)), row.complete)
            << row.from;
        EXPECT_EQ(found, row.found) << row.from;
    }
    expect_ok(index.file().flush());
    EXPECT_EQ(length(".txnindex"), 3 * 34U);
    EXPECT_EQ(disk_.text("/p/00000000000000001000.txnindex").substr(0, 10),
              std::string("\0\0\0\0\0\0\0\0\0\x01", 10));
    EXPECT_TRUE(value_of(index.looks_sane(length(".txnindex"))));
    EXPECT_FALSE(value_of(index.looks_sane(length(".txnindex") - 1)));
    expect_ok(index.truncate_to(Offset{1'040}));
    EXPECT_EQ(index.file().size(), 2U);
}

TEST_F(IndexTest, TxnIndexOfAnotherVersionIsNotSane) {
    disk_.put("/p/00000000000000001000.txnindex", std::string(34, '\1'));
    TxnIndex index(place_, kBase, 34);
    EXPECT_FALSE(value_of(index.looks_sane(34)));
}

}  // namespace
}  // namespace milena::log::test
