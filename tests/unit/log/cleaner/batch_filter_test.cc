#include "log/cleaner/batch_filter.h"

#include "tests/unit/log/support/keyed_batch.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BatchFilterTest : public testing::Test {
  protected:
    static constexpr TimestampMs kNow{50'000};
    static constexpr Millis kRetention{1'000};

    // Passes one batch through a filter of its own. True: it is as it was.
    bool filter(const std::vector<std::uint8_t>& batch, TimestampMs now = kNow) {
        const CleaningRules rules{.map = map_,
                                  .producers = producers_,
                                  .now = now,
                                  .delete_retention = kRetention,
                                  .end = end_,
                                  .keep_tombstones = keep_tombstones_};
        TransactionTracker transactions(aborted_, Offset{0});
        BatchFilter filter(rules, transactions, codecs_);
        out_.clear();
        const auto head = parse_batch_head(batch);
        const bool same = filter.filter(**head, batch, out_);
        counts_ = filter.counts();
        if (!out_.empty()) {
            const BatchView before{ByteView(batch)};
            EXPECT_EQ(view().base_offset(), before.base_offset());
            EXPECT_EQ(view().last_offset(), before.last_offset());
            EXPECT_EQ(view().last_sequence(), before.last_sequence());
            EXPECT_EQ(view().producer_id(), before.producer_id());
            EXPECT_EQ(view().leader_epoch(), before.leader_epoch());
        }
        return same;
    }
    BatchView view() const { return BatchView(ByteView(out_)); }
    std::vector<std::int64_t> offsets() const {
        std::vector<std::int64_t> offsets;
        for (const auto& record : stored_records(out_)) offsets.push_back(record.offset);
        return offsets;
    }
    void know(std::string_view key, std::int64_t offset) {
        ASSERT_TRUE(map_.put(as_bytes(key), Offset{offset}));
    }

    OffsetMap map_{1 << 20, 0.9, 1};
    ActiveProducers producers_;
    std::vector<AbortedTransaction> aborted_;
    Offset end_{1'000};
    bool keep_tombstones_ = false;
    Codecs codecs_;
    std::vector<std::uint8_t> out_;
    CleaningCounts counts_;
};

TEST_F(BatchFilterTest, KeepsTheLastRecordOfEachKeyWithEveryCodec) {
    know("a", 12);
    know("b", 11);
    know("c", 20);
    for (const Codec codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        SCOPED_TRACE(codec_name(codec));
        const auto batch = make_keyed({.records = {{"a", "1"}, {"b", "2"}, {"a", "3"}, {"c", "4"}},
                                       .codec = codec,
                                       .base_offset = Offset{10}});
        EXPECT_FALSE(filter(batch));
        EXPECT_THAT(stored_records(out_), ElementsAre(StoredRecord{11, 1'001, "b", "2"},
                                                      StoredRecord{12, 1'002, "a", "3"}));
        EXPECT_EQ(view().codec(), codec);
        EXPECT_EQ(view().base_timestamp(), TimestampMs{1'001});
        EXPECT_EQ(view().max_timestamp(), TimestampMs{1'002});
        EXPECT_EQ(view().record_count(), 2);
        EXPECT_EQ(counts_.records_read, 4U);
        EXPECT_EQ(counts_.records_kept, 2U);
    }
}

TEST_F(BatchFilterTest, LeavesABatchAloneThatLosesNothing) {
    know("a", 10);
    const auto batch = make_keyed(
        {.records = {{"a", "1"}, {"zz", "2"}}, .codec = Codec::gzip, .base_offset = Offset{10}});
    map_.set_latest_offset(Offset{30});
    EXPECT_TRUE(filter(batch));
    EXPECT_EQ(out_, batch);
}

TEST_F(BatchFilterTest, DropsABatchThatLosesEverything) {
    know("a", 30);
    EXPECT_FALSE(filter(make_keyed({.records = {{"a", "1"}, {"a", "2"}}})));
    EXPECT_THAT(out_, IsEmpty());
}

TEST_F(BatchFilterTest, WhatLiesBehindTheMapStays) {
    know("a", 11);
    const auto batch = make_keyed(
        {.records = {{"a", "1"}, {"a", "2"}, {"a", "3"}, {{}, "x"}}, .base_offset = Offset{10}});
    EXPECT_FALSE(filter(batch));
    EXPECT_THAT(offsets(), ElementsAre(11, 12, 13));
}

TEST_F(BatchFilterTest, RecordsWithoutKeyGo) {
    map_.set_latest_offset(Offset{30});
    EXPECT_FALSE(filter(make_keyed({.records = {{{}, "1"}, {"a", "2"}}})));
    EXPECT_THAT(offsets(), ElementsAre(1));
    EXPECT_EQ(counts_.keyless_dropped, 1U);
}

TEST_F(BatchFilterTest, TheFirstPassOverATombstoneSetsItsHorizonAndKeepsTimestamps) {
    know("a", 1);
    const auto batch = make_keyed({.records = {{"b", "1"}, {"a", {}}}, .codec = Codec::zstd});
    EXPECT_FALSE(filter(batch));
    EXPECT_EQ(view().delete_horizon(), kNow + kRetention.count());
    EXPECT_THAT(stored_records(out_),
                ElementsAre(StoredRecord{0, 1'000, "b", "1"}, StoredRecord{1, 1'001, "a", {}}));
    EXPECT_EQ(view().max_timestamp(), TimestampMs{1'001});

    const auto marked = out_;
    EXPECT_TRUE(filter(marked, kNow + kRetention.count() - 1)) << "the horizon is set once";
    EXPECT_EQ(out_, marked);
    EXPECT_FALSE(filter(marked, kNow + kRetention.count()));
    EXPECT_THAT(offsets(), ElementsAre(0));
    EXPECT_EQ(view().delete_horizon(), kNow + kRetention.count());

    keep_tombstones_ = true;
    EXPECT_TRUE(filter(marked, kNow + kRetention.count()));
}

TEST_F(BatchFilterTest, ATombstoneThatIsNotTheLastOfItsKeyGoesAtOnce) {
    know("a", 30);
    EXPECT_FALSE(filter(make_keyed({.records = {{"a", {}}, {"b", "1"}}})));
    EXPECT_THAT(offsets(), ElementsAre(1));
    EXPECT_FALSE(view().delete_horizon());
}

TEST_F(BatchFilterTest, TheLastBatchOfTheRangeStaysEmpty) {
    know("a", 30);
    end_ = Offset{12};
    const auto batch = make_keyed(
        {.records = {{"a", "1"}, {"a", "2"}}, .codec = Codec::lz4, .base_offset = Offset{10}});
    EXPECT_FALSE(filter(batch));
    EXPECT_EQ(view().record_count(), 0);
    EXPECT_EQ(view().codec(), Codec::none);
    EXPECT_EQ(view().base_timestamp(), kNoTimestamp);
    EXPECT_EQ(view().max_timestamp(), TimestampMs{1'001});
    EXPECT_TRUE(view().crc_matches());
    const auto empty = out_;
    EXPECT_TRUE(filter(empty));
    end_ = Offset{100};
    EXPECT_FALSE(filter(empty));
    EXPECT_THAT(out_, IsEmpty());
}

TEST_F(BatchFilterTest, TheLastBatchOfAnActiveProducerStaysEmpty) {
    know("a", 30);
    const auto batch = make_keyed({.records = {{"a", "1"}, {"a", "2"}},
                                   .producer_id = ProducerId{5},
                                   .producer_epoch = ProducerEpoch{1},
                                   .base_sequence = Sequence{7},
                                   .base_offset = Offset{10}});
    producers_[ProducerId{5}] = {Offset{12}, ProducerEpoch{1}};
    EXPECT_FALSE(filter(batch));
    EXPECT_THAT(out_, IsEmpty()) << "not its last one";
    producers_[ProducerId{5}] = {Offset{11}, ProducerEpoch{1}};
    EXPECT_FALSE(filter(batch));
    EXPECT_EQ(view().record_count(), 0);
    EXPECT_EQ(view().last_sequence(), Sequence{8});
}

TEST_F(BatchFilterTest, DataOfAbortedTransactionsGoesAtOnce) {
    aborted_.push_back({ProducerId{5}, Offset{10}, Offset{20}, Offset{21}});
    const KeyedBatch data{.records = {{"a", "1"}},
                          .producer_id = ProducerId{5},
                          .producer_epoch = ProducerEpoch{0},
                          .base_sequence = Sequence{0},
                          .transactional = true,
                          .base_offset = Offset{10}};
    EXPECT_FALSE(filter(make_keyed(data)));
    EXPECT_THAT(out_, IsEmpty());
    auto other = data;
    other.producer_id = ProducerId{6};
    EXPECT_TRUE(filter(make_keyed(other)));
    auto later = data;
    later.base_offset = Offset{21};
    EXPECT_TRUE(filter(make_keyed(later)));
}

TEST_F(BatchFilterTest, AMarkerWithoutDataGoesAfterItsHorizon) {
    for (const bool commit : {true, false}) {
        auto marker = make_marker(ProducerId{5}, ProducerEpoch{1}, commit);
        EXPECT_FALSE(filter(marker));
        EXPECT_EQ(view().delete_horizon(), kNow + kRetention.count());
        EXPECT_TRUE(view().is_control());
        const auto marked = out_;
        EXPECT_TRUE(filter(marked, kNow + kRetention.count() - 1));
        EXPECT_FALSE(filter(marked, kNow + kRetention.count()));
        EXPECT_THAT(out_, IsEmpty());
        // Its epoch must not be forgotten as long as its producer is known by nothing else.
        producers_[ProducerId{5}] = {std::nullopt, ProducerEpoch{1}};
        EXPECT_TRUE(filter(marked, kNow + kRetention.count()));
        EXPECT_EQ(view().record_count(), 1);
        producers_.clear();
    }
}

TEST_F(BatchFilterTest, DamagedBatchesStayAsTheyAre) {
    know("a", 30);
    auto batch = make_keyed({.records = {{"a", "1"}}, .codec = Codec::gzip});
    batch[batch_layout::kRecords] ^= 1;  // what every gzip begins with
    EXPECT_TRUE(filter(batch));
    EXPECT_EQ(out_, batch);
    EXPECT_EQ(counts_.damaged_batches, 1U);
    // The checksum matches, but nothing sensible comes out.
    update_crc(batch);
    EXPECT_TRUE(filter(batch));
    EXPECT_EQ(out_, batch);
    EXPECT_EQ(counts_.damaged_batches, 1U);
}

}  // namespace
}  // namespace milena::log::test
