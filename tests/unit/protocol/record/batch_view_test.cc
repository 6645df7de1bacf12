#include "protocol/record/batch_view.h"

#include "tests/unit/protocol/record/raw_batch.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

constexpr std::int32_t kMax32 = std::numeric_limits<std::int32_t>::max();

TEST(BatchView, ReadsEveryFieldFromItsPlace) {
    RawBatch raw;
    raw.base_offset = 0x0102030405060708;
    raw.leader_epoch = 0x11121314;
    raw.attributes = 0x77 - 0x07 + 4;
    raw.last_offset_delta = 41;
    raw.base_timestamp = 0x2122232425262728;
    raw.max_timestamp = 0x3132333435363738;
    raw.producer_id = 0x4142434445464748;
    raw.producer_epoch = 0x5152;
    raw.base_sequence = 0x61626364;
    raw.record_count = 42;
    const auto bytes = raw.encoded();
    const BatchView batch(bytes);
    EXPECT_EQ(batch.size(), bytes.size());
    EXPECT_EQ(batch.length(), static_cast<std::int32_t>(bytes.size() - 12));
    EXPECT_EQ(batch.records().size(), bytes.size() - kBatchOverhead);
    EXPECT_EQ(batch.base_offset(), Offset{0x0102030405060708});
    EXPECT_EQ(batch.leader_epoch(), LeaderEpoch{0x11121314});
    EXPECT_EQ(batch.magic(), 2);
    EXPECT_TRUE(batch.crc_matches());
    EXPECT_EQ(batch.attributes(), 0x74);
    EXPECT_EQ(batch.codec(), Codec::zstd);
    EXPECT_EQ(batch.timestamp_type(), TimestampType::create_time);
    EXPECT_TRUE(batch.is_transactional());
    EXPECT_TRUE(batch.is_control());
    EXPECT_EQ(batch.delete_horizon(), TimestampMs{0x2122232425262728});
    EXPECT_EQ(batch.last_offset_delta(), 41);
    EXPECT_EQ(batch.last_offset(), Offset{0x0102030405060708 + 41});
    EXPECT_EQ(batch.base_timestamp(), TimestampMs{0x2122232425262728});
    EXPECT_EQ(batch.max_timestamp(), TimestampMs{0x3132333435363738});
    EXPECT_EQ(batch.producer_id(), ProducerId{0x4142434445464748});
    EXPECT_EQ(batch.producer_epoch(), ProducerEpoch{0x5152});
    EXPECT_EQ(batch.base_sequence(), Sequence{0x61626364});
    EXPECT_EQ(batch.last_sequence(), Sequence{0x61626364 + 41});
    EXPECT_EQ(batch.record_count(), 42);
}

TEST(BatchView, ReadsEachAttributeFromItsBit) {
    RawBatch raw;
    raw.attributes = 0x08;
    EXPECT_EQ(BatchView(raw.encoded()).timestamp_type(), TimestampType::log_append_time);
    for (const std::int32_t bits : {0, 0x08, 0x10, 0x20, 0x40}) {
        raw.attributes = bits;
        const auto bytes = raw.encoded();
        const BatchView batch(bytes);
        EXPECT_EQ(batch.is_transactional(), bits == 0x10);
        EXPECT_EQ(batch.is_control(), bits == 0x20);
        EXPECT_EQ(batch.delete_horizon().has_value(), bits == 0x40);
        EXPECT_EQ(batch.codec(), Codec::none);
    }
}

TEST(BatchView, SequencesWrapToZeroBehindTheLargest) {
    EXPECT_EQ(sequence_after(Sequence{0}, 0), Sequence{0});
    EXPECT_EQ(sequence_after(Sequence{kMax32 - 1}, 1), Sequence{kMax32});
    EXPECT_EQ(sequence_after(Sequence{kMax32}, 1), Sequence{0});
    EXPECT_EQ(sequence_after(Sequence{kMax32}, kMax32), Sequence{kMax32 - 1});
    EXPECT_EQ(sequence_after(Sequence{5}, kMax32), Sequence{4});
    RawBatch raw;
    raw.base_sequence = kMax32;
    EXPECT_EQ(BatchView(raw.encoded()).last_sequence(), Sequence{1});
    raw.base_sequence = -1;
    EXPECT_EQ(BatchView(raw.encoded()).last_sequence(), kNoSequence);
}

TEST(BatchView, OffsetAndEpochArePatchedWithoutTheCrc) {
    const auto before = RawBatch{}.encoded();
    auto bytes = before;
    set_base_offset(bytes, Offset{0x0a0b0c0d0e0f1011});
    set_leader_epoch(bytes, LeaderEpoch{99});
    const BatchView batch(bytes);
    EXPECT_EQ(batch.base_offset(), Offset{0x0a0b0c0d0e0f1011});
    EXPECT_EQ(batch.leader_epoch(), LeaderEpoch{99});
    EXPECT_TRUE(batch.crc_matches());
    set_base_offset(bytes, Offset{0});
    set_leader_epoch(bytes, kNoLeaderEpoch);
    EXPECT_EQ(bytes, before);
}

TEST(BatchView, MaxTimestampIsPatchedWithTheCrc) {
    RawBatch raw;
    raw.attributes = 0x10;
    raw.producer_id = 1;
    const auto before = raw.encoded();
    auto bytes = before;
    set_max_timestamp(bytes, TimestampType::log_append_time, TimestampMs{77});
    const BatchView batch(bytes);
    EXPECT_EQ(batch.max_timestamp(), TimestampMs{77});
    EXPECT_EQ(batch.attributes(), 0x18);
    EXPECT_TRUE(batch.crc_matches());
    EXPECT_NE(batch.crc(), BatchView(before).crc());
    set_max_timestamp(bytes, TimestampType::create_time, TimestampMs{raw.base_timestamp});
    EXPECT_EQ(bytes, before);
}

TEST(BatchView, MaxTimestampThatIsThereAlreadyLeavesAWrongCrcWrong) {
    RawBatch raw;
    raw.crc = 5;
    auto bytes = raw.encoded();
    set_max_timestamp(bytes, TimestampType::create_time, TimestampMs{raw.base_timestamp});
    EXPECT_EQ(BatchView(bytes).crc(), 5U);
    update_crc(bytes);
    EXPECT_TRUE(BatchView(bytes).crc_matches());
}

Bytes batch_at(std::int64_t offset, std::int32_t records) {
    RawBatch raw;
    raw.base_offset = offset;
    raw.make = records;
    return raw.encoded();
}

TEST(BatchSplitter, WalksWholeBatchesAndTellsWhatIsLeftWhereverTheRangeEnds) {
    const auto all = batch_at(0, 3) + batch_at(3, 1) + batch_at(4, 50);
    const std::size_t ends[] = {batch_at(0, 3).size(),
                                batch_at(0, 3).size() + batch_at(3, 1).size(), all.size()};
    for (std::size_t size = 0; size <= all.size(); ++size) {
        SCOPED_TRACE(size);
        std::size_t seen = 0;
        std::size_t bytes = 0;
        BatchSplitter split(ByteView(all).first(size));
        while (split.next()) {
            EXPECT_EQ(split.batch().base_offset(), Offset{seen == 0 ? 0 : seen == 1 ? 3 : 4});
            EXPECT_TRUE(split.batch().crc_matches());
            bytes += split.batch().size();
            ++seen;
        }
        EXPECT_EQ(seen, static_cast<std::size_t>(
                            std::ranges::count_if(ends, [&](auto end) { return end <= size; })));
        EXPECT_EQ(split.rest().size(), size - bytes);
        EXPECT_EQ(split.ended(), BatchFrame::Kind::partial);
        EXPECT_FALSE(split.next()) << "the end stays the end";
    }
}

TEST(BatchSplitter, StopsAtWhatIsNoBatch) {
    RawBatch old;
    old.magic = 1;
    RawBatch negative;
    negative.length = -5;
    const std::pair<Bytes, BatchFrame::Kind> table[] = {
        {old.encoded(), BatchFrame::Kind::old_format},
        {negative.encoded(), BatchFrame::Kind::corrupt},
        {Bytes(100), BatchFrame::Kind::corrupt},
    };
    for (const auto& [bytes, kind] : table) {
        const auto range = batch_at(0, 2) + bytes;
        BatchSplitter split(range);
        EXPECT_TRUE(split.next());
        EXPECT_FALSE(split.next());
        EXPECT_EQ(split.ended(), kind);
        EXPECT_EQ(split.rest().size(), bytes.size());
    }
}

TEST(BatchFrame, KnowsTheSizeOfABatchFromItsFirstBytes) {
    const auto batch = batch_at(0, 3);
    EXPECT_EQ(batch_frame(ByteView(batch).first(16)).size, 0U);
    EXPECT_EQ(batch_frame(ByteView(batch).first(17)).size, batch.size());
    EXPECT_EQ(batch_frame(ByteView(batch).first(17)).kind, BatchFrame::Kind::partial);
    EXPECT_EQ(batch_frame(batch).kind, BatchFrame::Kind::whole);
    EXPECT_EQ(batch_frame(batch).size, batch.size());
}

}  // namespace
}  // namespace milena::test
