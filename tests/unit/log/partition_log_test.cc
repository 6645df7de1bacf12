// Appending and reading.

#include "log/epoch_cache.h"
#include "log/producer_state.h"
#include "protocol/base/random.h"
#include "tests/unit/log/support/log_fixture.h"
#include "tests/unit/log/support/log_model.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PartitionLogTest : public LogTest {
  protected:
    // Offsets of the batches that one read returns, whole or cut.
    std::vector<std::int64_t> read_offsets(Offset from, std::uint64_t max_bytes, FirstBatch first,
                                           Offset bound) {
        const auto read = value_of(log_->read(from, max_bytes, first, bound));
        EXPECT_LE(read.slice.length, std::max<std::uint64_t>(max_bytes, 2'000));
        std::vector<std::uint8_t> bytes(read.slice.length);
        if (read.slice.source) {
            EXPECT_EQ(read.slice.source->read_some(read.slice.position, bytes),
                      static_cast<std::int64_t>(bytes.size()));
        }
        std::vector<std::int64_t> offsets;
        BatchSplitter split(bytes);
        while (split.next()) offsets.push_back(split.batch().base_offset().value());
        EXPECT_EQ(read.first_offset.value(), offsets.empty() ? -1 : offsets.front());
        return offsets;
    }
};

TEST_F(PartitionLogTest, FreshLogIsEmptyAndBeginsAtZero) {
    open();
    EXPECT_EQ(log_->log_start_offset(), Offset{0});
    EXPECT_EQ(log_->log_end_offset(), Offset{0});
    EXPECT_EQ(log_->segment_count(), 1U);
    EXPECT_TRUE(disk_.has(path("00000000000000000000.log")));
    EXPECT_THAT(read_offsets(Offset{0}, 1'000, FirstBatch::always_whole, Offset{0}), IsEmpty());
}

TEST_F(PartitionLogTest, LeaderGivesOffsetsAndEpoch) {
    open();
    const auto first = append({.records = 3}, LeaderEpoch{5});
    EXPECT_EQ(first.first_offset, Offset{0});
    EXPECT_EQ(first.last_offset, Offset{2});
    const auto second = append({.records = 2, .timestamp = 2'000}, LeaderEpoch{5});
    EXPECT_EQ(second.first_offset, Offset{3});
    EXPECT_EQ(second.max_timestamp, TimestampMs{2'001});
    EXPECT_EQ(log_->log_end_offset(), Offset{5});
    EXPECT_THAT(batch_offsets(), ElementsAre(0, 3));
    EXPECT_EQ(log_->latest_epoch(), LeaderEpoch{5});
    const auto& file = disk_.bytes(path("00000000000000000000.log"));
    EXPECT_EQ(BatchView(ByteView(file)).leader_epoch(), LeaderEpoch{5});
    log_->check_invariants();
}

TEST_F(PartitionLogTest, SeveralBatchesGoInWithOneAppend) {
    open();
    auto bytes = make_batch({.records = 2});
    const auto second = make_batch({.records = 3, .timestamp = 5'000});
    bytes.insert(bytes.end(), second.begin(), second.end());
    const auto info = append_bytes(bytes);
    EXPECT_EQ(info.first_offset, Offset{0});
    EXPECT_EQ(info.last_offset, Offset{4});
    EXPECT_EQ(info.max_timestamp, TimestampMs{5'002});
    EXPECT_EQ(info.bytes, bytes.size());
    EXPECT_THAT(batch_offsets(), ElementsAre(0, 2));
}

TEST_F(PartitionLogTest, WhatIsNoWholeBatchIsRefusedAndNothingChanges) {
    open();
    append();
    const std::string before = disk_.text(path("00000000000000000000.log"));
    auto cut = make_batch();
    cut.pop_back();
    auto behind = make_batch();
    behind.push_back(0);
    for (auto& bytes : {cut, behind, std::vector<std::uint8_t>{}, std::vector<std::uint8_t>(200)}) {
        auto copy = bytes;
        const auto appended = log_->append_as_leader(copy, LeaderEpoch{1}, now_);
        ASSERT_FALSE(appended);
        EXPECT_EQ(appended.error().code, ErrorCode::CORRUPT_MESSAGE);
    }
    EXPECT_EQ(disk_.text(path("00000000000000000000.log")), before);
    EXPECT_EQ(log_->log_end_offset(), Offset{1});
    EXPECT_FALSE(log_->broken());
    log_->check_invariants();
}

TEST_F(PartitionLogTest, BatchesBeyondTheSegmentSizeAreRefused) {
    settings_.segment_bytes = 1'000;
    open();
    auto large = make_batch({.value_bytes = 1'000});
    const auto appended = log_->append_as_leader(large, LeaderEpoch{0}, now_);
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().code, ErrorCode::RECORD_LIST_TOO_LARGE);
    EXPECT_THAT(appended.error().detail, HasSubstr("segment.bytes is 1000"));
}

TEST_F(PartitionLogTest, ReadsStopAtTheBoundAndRespectTheLimit) {
    open();
    for (int i = 0; i < 5; ++i) append({.records = 10});  // offsets 0-9, 10-19, ... 40-49
    const std::uint64_t one = disk_.bytes(path("00000000000000000000.log")).size() / 5;
    const auto end = Offset{50};
    using enum FirstBatch;
    EXPECT_THAT(read_offsets(Offset{0}, 1'000'000, always_whole, end),
                ElementsAre(0, 10, 20, 30, 40));
    EXPECT_THAT(read_offsets(Offset{15}, 1'000'000, always_whole, end),
                ElementsAre(10, 20, 30, 40));
    EXPECT_THAT(read_offsets(Offset{0}, 1'000'000, always_whole, Offset{20}), ElementsAre(0, 10));
    EXPECT_THAT(read_offsets(Offset{0}, 1'000'000, always_whole, Offset{25}), ElementsAre(0, 10))
        << "a batch that reaches the bound is not returned";
    EXPECT_THAT(read_offsets(Offset{20}, 1'000'000, always_whole, Offset{20}), IsEmpty());
    EXPECT_THAT(read_offsets(Offset{40}, 1'000'000, always_whole, Offset{20}), IsEmpty());
    EXPECT_THAT(read_offsets(Offset{50}, 1'000'000, always_whole, end), IsEmpty());
    EXPECT_THAT(read_offsets(Offset{0}, 2 * one, always_whole, end), ElementsAre(0, 10));
    EXPECT_THAT(read_offsets(Offset{0}, 2 * one - 1, always_whole, end), ElementsAre(0));
    EXPECT_THAT(read_offsets(Offset{0}, 1, always_whole, end), ElementsAre(0));
    EXPECT_THAT(read_offsets(Offset{0}, one, within_limit, end), ElementsAre(0));
    EXPECT_THAT(read_offsets(Offset{0}, one - 1, within_limit, end), IsEmpty());
}

TEST_F(PartitionLogTest, OffsetsOutsideTheLogAreOutOfRange) {
    open();
    append({.records = 10});
    expect_ok(log_->advance_log_start_offset(Offset{5}));
    for (const std::int64_t offset : {-1, 0, 4, 11}) {
        const auto read = log_->read(Offset{offset}, 1'000, FirstBatch::always_whole, Offset{10});
        ASSERT_FALSE(read) << offset;
        EXPECT_EQ(read.error().code, ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    for (const std::int64_t offset : {5, 9, 10}) {
        EXPECT_TRUE(log_->read(Offset{offset}, 1'000, FirstBatch::always_whole, Offset{10}));
    }
}

TEST_F(PartitionLogTest, ASliceStaysReadableAfterItsSegmentIsGone) {
    settings_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 30; ++i) append();
    const auto read =
        value_of(log_->read(Offset{0}, 10'000, FirstBatch::always_whole, log_->log_end_offset()));
    settings_.retention_bytes = 0;
    log_->update_settings(settings_);
    value_of(log_->delete_old_segments(log_->log_end_offset(), now_));
    expect_ok(log_->remove_deleted_files(now_.mono + std::chrono::hours(1)));
    EXPECT_FALSE(disk_.has(path("00000000000000000000.log")));
    std::vector<std::uint8_t> bytes(read.slice.length);
    EXPECT_EQ(read.slice.source->read_some(read.slice.position, bytes),
              static_cast<std::int64_t>(bytes.size()));
    BatchSplitter split(bytes);
    ASSERT_TRUE(split.next());
    EXPECT_TRUE(split.batch().crc_matches());
}

TEST_F(PartitionLogTest, PositionsTellDistancesInBytes) {
    settings_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 30; ++i) append();
    const auto begin = value_of(log_->position_of(Offset{0}));
    EXPECT_EQ(begin, (LogPosition{Offset{0}, 0}));
    EXPECT_EQ(value_of(log_->position_of(Offset{30})), log_->end_position());
    EXPECT_EQ(log_->bytes_between(begin, log_->end_position()), log_->size_bytes());
    EXPECT_EQ(log_->bytes_between(log_->end_position(), begin), 0U);
    const std::uint64_t one = log_->size_bytes() / 30;
    for (int i = 0; i < 30; ++i) {
        const auto at = value_of(log_->position_of(Offset{i}));
        EXPECT_EQ(log_->bytes_between(begin, at), one * static_cast<std::uint64_t>(i)) << i;
    }
}

TEST_F(PartitionLogTest, FollowersKeepOffsetsAndEpochsAndLeaveWhatIsTooNew) {
    open();
    std::vector<std::uint8_t> bytes;
    const struct {
        std::int64_t base;
        int epoch;
    } rows[] = {{0, 1}, {5, 1}, {20, 3}, {30, 4}};
    for (const auto& row : rows) {
        auto batch = make_batch({.records = 2});
        set_base_offset(batch, Offset{row.base});
        set_leader_epoch(batch, LeaderEpoch{row.epoch});
        bytes.insert(bytes.end(), batch.begin(), batch.end());
    }
    const std::size_t whole = bytes.size();
    bytes.resize(whole + 30, 0x55);  // the beginning of a batch that the fetch cut
    std::copy_n(bytes.begin(), 30, bytes.begin() + static_cast<std::ptrdiff_t>(whole));
    const auto info = value_of(log_->append_as_follower(bytes, now_, LeaderEpoch{3}));
    EXPECT_EQ(info.first_offset, Offset{0});
    EXPECT_EQ(info.last_offset, Offset{21});
    EXPECT_THAT(batch_offsets(), ElementsAre(0, 5, 20));
    EXPECT_EQ(log_->epoch_end_offset(LeaderEpoch{1}), (EpochEndOffset{LeaderEpoch{1}, Offset{20}}));
    EXPECT_EQ(log_->epoch_end_offset(LeaderEpoch{3}), (EpochEndOffset{LeaderEpoch{3}, Offset{22}}));
    const auto again = log_->append_as_follower(bytes, now_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::OFFSET_OUT_OF_RANGE);
    EXPECT_EQ(value_of(log_->append_as_follower({}, now_)).first_offset, kNoOffset);
    log_->check_invariants();
}

TEST_F(PartitionLogTest, AFollowersFetchMayHoldMoreThanASegment) {
    settings_.segment_bytes = 1'000;
    open();
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 30; ++i) {
        auto batch = make_batch();
        set_base_offset(batch, Offset{i * 3});
        set_leader_epoch(batch, LeaderEpoch{0});
        bytes.insert(bytes.end(), batch.begin(), batch.end());
    }
    const auto info = value_of(log_->append_as_follower(bytes, now_));
    EXPECT_EQ(info.last_offset, Offset{87});
    EXPECT_GT(log_->segment_count(), 4U);
    EXPECT_EQ(batch_offsets().size(), 30U);
    log_->check_invariants();
}

TEST_F(PartitionLogTest, AFullDiskRefusesAndHeals) {
    open();
    append({.records = 3});
    const std::string before = disk_.text(path("00000000000000000000.log"));
    disk_.capacity = disk_.used() + 20;
    auto batch = make_batch();
    const auto refused = log_->append_as_leader(batch, LeaderEpoch{0}, now_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    EXPECT_EQ(refused.error().io, IoCause::no_space);
    EXPECT_EQ(disk_.text(path("00000000000000000000.log")), before) << "the half batch is cut off";
    EXPECT_FALSE(log_->broken());
    EXPECT_THAT(batch_offsets(), ElementsAre(0)) << "reads go on";
    disk_.capacity.reset();
    EXPECT_EQ(append().first_offset, Offset{3});
    log_->check_invariants();
}

TEST_F(PartitionLogTest, AFullDiskAtARollRefusesAndHeals) {
    settings_.segment_bytes = 400;
    open();
    append({.value_bytes = 200});
    bool completed = false;
    for (int allowed = 0; !completed; ++allowed) {
        ASSERT_LT(allowed, 20);
        int seen = 0;
        disk_.fault = [&](Operation operation, const std::string&) -> std::optional<IoCause> {
            // A sync that fails for want of space may have lost what it was to store: no healing.
            const bool never = operation == Operation::truncate || operation == Operation::sync;
            if (never || ++seen <= allowed) return std::nullopt;
            return IoCause::no_space;
        };
        auto batch = make_batch({.value_bytes = 200});
        const Offset end = log_->log_end_offset();
        const auto result = log_->append_as_leader(batch, LeaderEpoch{0}, now_);
        disk_.fault = nullptr;
        completed = result.has_value();
        ASSERT_FALSE(log_->broken());
        if (!result) {
            EXPECT_EQ(result.error().io, IoCause::no_space);
            EXPECT_EQ(log_->log_end_offset(), end) << allowed;
        }
        log_->check_invariants();
        // The next try rolls.
        if (!result) append({.value_bytes = 200});
    }
    EXPECT_EQ(batch_offsets().size(), static_cast<std::size_t>(log_->log_end_offset().value()));
    EXPECT_GT(log_->segment_count(), 3U);
}

TEST_F(PartitionLogTest, AfterADeviceErrorNothingIsAppended) {
    open();
    append();
    disk_.fault = [](Operation operation, const std::string&) -> std::optional<IoCause> {
        if (operation == Operation::write) return IoCause::broken;
        return std::nullopt;
    };
    auto batch = make_batch();
    EXPECT_FALSE(log_->append_as_leader(batch, LeaderEpoch{0}, now_));
    disk_.fault = nullptr;
    ASSERT_TRUE(log_->broken());
    const auto refused = log_->append_as_leader(batch, LeaderEpoch{0}, now_);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, HasSubstr("takes no more records"));
    EXPECT_FALSE(log_->roll(now_));
    EXPECT_FALSE(log_->truncate_to(Offset{0}, now_));
    EXPECT_THAT(batch_offsets(), ElementsAre(0)) << "what is there can be read";
    log_->check_invariants();
}

TEST_F(PartitionLogTest, IdempotentProducersAreCheckedBeforeAndRememberedAfterTheAppend) {
    open();
    const BatchSpec first{.records = 2,
                          .producer_id = ProducerId{9},
                          .producer_epoch = ProducerEpoch{0},
                          .base_sequence = Sequence{0}};
    EXPECT_FALSE(value_of(log_->check_producer(make_batch(first), AppendOrigin::client)));
    append(first);
    const auto duplicate = value_of(log_->check_producer(make_batch(first), AppendOrigin::client));
    ASSERT_TRUE(duplicate);
    EXPECT_EQ(duplicate->first_offset, Offset{0});
    auto gap = first;
    gap.base_sequence = Sequence{5};
    EXPECT_EQ(log_->check_producer(make_batch(gap), AppendOrigin::client).error().code,
              ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    EXPECT_FALSE(value_of(log_->check_producer(make_batch(), AppendOrigin::client)))
        << "batches without producer are not checked";
    EXPECT_EQ(log_->producer_count(), 1U);
    log_->expire_producers(now_.wall + Millis{settings_.producer_id_expiration_ms}.count());
    EXPECT_EQ(log_->producer_count(), 0U);
}

// Kafka's write rule (storage/.../LogSegment.java, append), computed here from the model alone.
TEST_F(PartitionLogTest, IndexesAreWrittenByKafkasRule) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    settings_.segment_bytes = 60'000;
    settings_.index_interval_bytes = 1'000;
    open();
    struct Expected {
        std::string offsets, times;
        std::int64_t last_timestamp = -1;
    };
    std::map<std::int64_t, Expected> expected;
    std::int64_t base = 0;
    std::uint64_t position = 0, since = 0;
    std::int64_t max_timestamp = -1, max_at = 0;
    const auto add_time = [&](Expected& to) {
        if (max_timestamp <= to.last_timestamp) return;
        std::string entry(12, 0);
        store_be(reinterpret_cast<std::uint8_t*>(entry.data()), max_timestamp);
        store_be(reinterpret_cast<std::uint8_t*>(entry.data()) + 8,
                 static_cast<std::int32_t>(max_at - base));
        to.times += entry;
        to.last_timestamp = max_timestamp;
    };
    for (int i = 0; i < 1'500; ++i) {
        const BatchSpec spec{.records = static_cast<int>(1 + random.below(5)),
                             .timestamp = static_cast<std::int64_t>(random.below(100'000)),
                             .value_bytes = random.below(random.below(10) == 0 ? 3'000 : 100)};
        const std::uint64_t size = make_batch(spec).size();
        const auto info = append(spec);
        if (position + size > settings_.segment_bytes) {
            ASSERT_TRUE(info.rolled);
            add_time(expected[base]);
            base = info.first_offset.value();
            position = since = 0;
            max_timestamp = -1;
        } else {
            ASSERT_FALSE(info.rolled);
        }
        if (info.max_timestamp.value() > max_timestamp) {
            max_timestamp = info.max_timestamp.value();
            max_at = info.last_offset.value();
        }
        if (since > settings_.index_interval_bytes) {
            std::string entry(8, 0);
            store_be(reinterpret_cast<std::uint8_t*>(entry.data()),
                     static_cast<std::int32_t>(info.last_offset.value() - base));
            store_be(reinterpret_cast<std::uint8_t*>(entry.data()) + 4,
                     static_cast<std::int32_t>(position));
            expected[base].offsets += entry;
            add_time(expected[base]);
            since = 0;
        }
        position += size;
        since += size;
    }
    add_time(expected[base]);
    expect_ok(log_->close(now_));
    EXPECT_GT(expected.size(), 5U);
    for (const auto& [at, files] : expected) {
        SegmentFileName name{Offset{at}, FileKind::offset_index, FileSuffix::none};
        EXPECT_EQ(disk_.text(path(to_string(name))), files.offsets) << at;
        name.kind = FileKind::time_index;
        EXPECT_EQ(disk_.text(path(to_string(name))), files.times) << at;
    }
}

TEST_F(PartitionLogTest, ReadsAgreeWithTheModel) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    settings_.segment_bytes = 20'000;
    open();
    LogModel model;
    for (int i = 0; i < 400; ++i) {
        // Batches with gaps between them, as a follower of a compacted topic gets them.
        const auto gap = static_cast<std::int64_t>(random.below(4) == 0 ? random.below(5) : 0);
        auto batch = make_batch(
            {.records = static_cast<int>(1 + random.below(4)), .value_bytes = random.below(600)});
        const Offset base = model.end + gap;
        set_base_offset(batch, base);
        set_leader_epoch(batch, LeaderEpoch{i / 50});
        const BatchView view{ByteView(batch)};
        model.batches.push_back(
            {base, view.last_offset(), view.leader_epoch(), view.max_timestamp(), batch});
        model.end = view.last_offset() + 1;
        value_of(log_->append_as_follower(batch, now_));

        const Offset from{static_cast<std::int64_t>(
            random.below(static_cast<std::uint64_t>(model.end.value()) + 1))};
        const Offset bound{static_cast<std::int64_t>(
            random.below(static_cast<std::uint64_t>(model.end.value()) + 1))};
        const std::uint64_t max_bytes = random.below(5'000);
        const auto first =
            random.below(2) == 0 ? FirstBatch::always_whole : FirstBatch::within_limit;
        const auto read = value_of(log_->read(from, max_bytes, first, bound));
        const auto wanted = model.range(from, bound);
        std::vector<std::uint8_t> got(read.slice.length);
        if (!read.empty()) {
            ASSERT_EQ(read.slice.source->read_some(read.slice.position, got),
                      static_cast<std::int64_t>(got.size()));
        }
        std::vector<std::uint8_t> all;
        for (const auto* each : wanted)
            all.insert(all.end(), each->bytes.begin(), each->bytes.end());
        ASSERT_LE(got.size(), all.size()) << from.value() << " " << bound.value();
        EXPECT_TRUE(std::equal(got.begin(), got.end(), all.begin())) << from.value();
        const bool too_long = !wanted.empty() && wanted.front()->bytes.size() > max_bytes;
        if (wanted.empty() || (too_long && first == FirstBatch::within_limit)) {
            EXPECT_TRUE(read.empty());
        } else {
            const std::uint64_t least = too_long ? wanted.front()->bytes.size() : 0;
            EXPECT_GE(got.size(), std::max<std::uint64_t>(least, 1));
            EXPECT_LE(got.size(), std::max(max_bytes, least));
            // Short of limit and bound only the end of a segment is a reason to stop.
            if (got.size() < std::min<std::uint64_t>(max_bytes, all.size())) {
                std::uint64_t at = 0;
                const ModelBatch* next = nullptr;
                for (const auto* each : wanted) {
                    if (at == got.size()) next = each;
                    at += each->bytes.size();
                }
                ASSERT_NE(next, nullptr) << "stopped inside a batch";
                EXPECT_EQ(value_of(log_->position_of(next->base)).in_segment, 0U);
            }
        }
        for (int epoch = 0; epoch < 9; ++epoch) {
            ASSERT_EQ(log_->epoch_end_offset(LeaderEpoch{epoch}),
                      model.epoch_end(LeaderEpoch{epoch}))
                << epoch;
        }
    }
    log_->check_invariants();
}

}  // namespace
}  // namespace milena::log::test
