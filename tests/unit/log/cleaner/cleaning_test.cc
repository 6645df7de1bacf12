// A log that is compacted, as its readers, writers and restarts see it.

#include "log/cleaner/cleaning.h"

#include "log/producer_state.h"
#include "tests/unit/log/support/cleaner_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

using CleaningTest = CleanerTest;

TEST_F(CleaningTest, KeepsTheLastRecordOfEachKeyAtItsOffset) {
    open();
    put("a", "1");
    put("b", "1");
    roll();
    put("a", "2");
    put("c", "1");
    const auto result = clean();
    EXPECT_EQ(result.up_to, Offset{4});
    EXPECT_EQ(result.counts.records_read, 4U);
    EXPECT_EQ(result.counts.records_kept, 3U);
    EXPECT_THAT(offsets(), ElementsAre(1, 2, 3));
    EXPECT_EQ(log_->log_start_offset(), Offset{0});
    EXPECT_EQ(log_->log_end_offset(), Offset{4});
    EXPECT_EQ(log_->cleaned_to(), Offset{4});
    EXPECT_EQ(log_->segment_count(), 2U) << "two sealed segments became one";
}

TEST_F(CleaningTest, TheActiveSegmentIsLeftAlone) {
    open();
    put("a", "1");
    put("a", "2");
    expect_ok(log_->sync(SyncScope::everything));
    EXPECT_EQ(value_of(compact(*log_, now_)).up_to, kNoOffset);
    EXPECT_THAT(offsets(), ElementsAre(0, 1));
}

TEST_F(CleaningTest, ReadersOfReplacedSegmentsGoOn) {
    open();
    put("a", "1");
    const auto read = value_of(log_->read(Offset{0}, 1'000, FirstBatch::always_whole, Offset{1}));
    put("a", "2");
    clean();
    expect_ok(log_->remove_deleted_files(now_.mono + std::chrono::hours(1)));
    std::vector<std::uint8_t> bytes(read.slice.length);
    EXPECT_EQ(read.slice.source->read_some(read.slice.position, bytes),
              static_cast<std::int64_t>(bytes.size()));
    EXPECT_THAT(stored_records(bytes), ElementsAre(StoredRecord{0, 1'000, "a", "1"}));
}

TEST_F(CleaningTest, ATombstoneStaysForItsTimeAndThenGoes) {
    open();
    put("a", "1");
    remove("a");
    put("z", "1");
    clean();
    EXPECT_THAT(offsets(), ElementsAre(1, 2));
    later(settings_.delete_retention_ms - Millis{1});
    put("y", "1");
    clean();
    EXPECT_THAT(offsets(), ElementsAre(1, 2, 3));
    later(Millis{1});
    put("x", "1");
    clean();
    EXPECT_THAT(offsets(), ElementsAre(2, 3, 4));
}

TEST_F(CleaningTest, OnlyWhatTheMapHoldsIsCleanedAtOnce) {
    open();
    for (int i = 0; i < 300; ++i) put("key" + std::to_string(i), "1");
    for (int i = 0; i < 300; ++i) put("key" + std::to_string(i), "2");
    const auto before = table_of(read_committed(*log_, Offset{0}));
    const auto first = clean(6U << 10U);
    EXPECT_GT(first.up_to, Offset{0});
    EXPECT_LT(first.up_to, Offset{600});
    EXPECT_EQ(table_of(read_committed(*log_, Offset{0})), before);
    for (int rounds = 0; log_->cleaned_to() < Offset{600}; ++rounds) {
        ASSERT_LT(rounds, 20);
        value_of(compact(*log_, now_, 6U << 10U));
        ASSERT_EQ(table_of(read_committed(*log_, Offset{0})), before);
    }
    EXPECT_EQ(offsets().size(), 300U);
}

TEST_F(CleaningTest, EmptyBatchesDoNotCountWhereTimestampsAreLookedFor) {
    open();
    put(KeyedBatch{.records = {{"a", "1"}},
                   .timestamp = 9'000,
                   .producer_id = ProducerId{5},
                   .producer_epoch = ProducerEpoch{0},
                   .base_sequence = Sequence{0}});
    put(KeyedBatch{.records = {{"b", "1"}}, .timestamp = 5'000});
    put(KeyedBatch{.records = {{"a", "2"}}, .timestamp = 4'000});
    clean();
    ASSERT_THAT(offsets(), ElementsAre(1, 2));
    Codecs codecs;
    for (int restarts = 0; restarts < 2; ++restarts) {
        const auto latest = value_of(log_->offset_of_max_timestamp(codecs));
        ASSERT_TRUE(latest);
        EXPECT_EQ(latest->offset, Offset{1});
        EXPECT_EQ(latest->timestamp, TimestampMs{5'000});
        EXPECT_FALSE(value_of(log_->offset_for_timestamp(TimestampMs{5'001}, codecs)));
        restart(Shutdown::unclean);
    }
}

TEST_F(CleaningTest, RetentionTakesCompactedSegmentsToo) {
    settings_.cleanup_policy = CleanupPolicy::compact_and_remove;
    settings_.retention_ms = Millis{10'000};
    settings_.segment_bytes = 400;
    open();
    for (int i = 0; i < 10; ++i) {
        put(KeyedBatch{.records = {{"k" + std::to_string(i), "1"}}, .timestamp = 985'000});
    }
    for (int i = 0; i < 10; ++i) {
        put(KeyedBatch{.records = {{"k" + std::to_string(i), "2"}}, .timestamp = 995'000});
    }
    clean();
    EXPECT_EQ(offsets().size(), 10U);
    value_of(log_->delete_old_segments(Offset{20}, now_));
    EXPECT_EQ(offsets().size(), 10U) << "the old records were all replaced by younger ones";
    later(Millis{10'001});
    put("new", "1");
    value_of(log_->delete_old_segments(Offset{20}, now_));
    EXPECT_THAT(offsets(), ElementsAre(20)) << "the active segment alone is left";
    clean();
    EXPECT_EQ(log_->log_end_offset(), Offset{21});
    restart(Shutdown::unclean);
    EXPECT_EQ(log_->log_end_offset(), Offset{21});
}

TEST_F(CleaningTest, ARoundThatChangesNothingLeavesTheFilesAlone) {
    open();
    put("a", "1");
    EXPECT_EQ(clean().swapped, 0U);
    EXPECT_THAT(disk_.paths(), Not(Contains(HasSubstr(".cleaned"))));
    EXPECT_EQ(log_->cleaned_to(), Offset{1});
}

TEST_F(CleaningTest, ProducersAreStillHeldToTheirSequences) {
    open();
    const KeyedBatch batch{.records = {{"a", "1"}, {"a", "2"}},
                           .producer_id = ProducerId{9},
                           .producer_epoch = ProducerEpoch{3},
                           .base_sequence = Sequence{0}};
    put(batch);
    put("a", "3");
    clean();
    const auto check = [&] {
        const auto again = make_keyed(batch);
        const auto duplicate = value_of(log_->check_producer(again, AppendOrigin::client));
        ASSERT_TRUE(duplicate);
        EXPECT_EQ(duplicate->last_offset, Offset{1});
    };
    check();
    restart(Shutdown::clean);
    check();
    restart(Shutdown::unclean);
    check();
    for (const auto& found : disk_.paths()) {
        if (found.ends_with(".snapshot")) expect_ok(disk_.remove(found));
    }
    restart(Shutdown::unclean);
    check();
    EXPECT_THAT(offsets(), ElementsAre(2));
}

TEST_F(CleaningTest, TransactionsLeaveOnlyWhatWasCommitted) {
    open();
    put("a", "0");
    put_in_transaction(1, "a", "1");  // 1
    put_in_transaction(2, "b", "1");  // 2
    end_transaction(1, false);        // 3
    end_transaction(2, true);         // 4
    put_in_transaction(1, "c", "1");  // 5
    put_in_transaction(2, "b", "2");  // 6
    roll();
    end_transaction(1, true);   // 7
    end_transaction(2, false);  // 8
    put("z", "1");              // 9
    log_->on_high_watermark(log_->log_end_offset());
    const auto before = table_of(read_committed(*log_, Offset{0}));
    EXPECT_THAT(before,
                ElementsAre(Pair("a", "0"), Pair("b", "1"), Pair("c", "1"), Pair("z", "1")));
    for (int round = 0; round < 4; ++round) {
        SCOPED_TRACE(round);
        clean();
        EXPECT_EQ(table_of(read_committed(*log_, Offset{0})), before);
        later(settings_.delete_retention_ms);
        put("y" + std::to_string(round), "1");
        auto again = table_of(read_committed(*log_, Offset{0}));
        for (int i = 0; i <= round; ++i) again.erase("y" + std::to_string(i));
        EXPECT_EQ(again, before);
        remove("y" + std::to_string(round));
    }
}

TEST_F(CleaningTest, AnOpenTransactionHoldsTheCleanerBack) {
    open();
    put("a", "1");
    roll();
    put("a", "2");
    put_in_transaction(1, "b", "1");
    roll();
    put("a", "3");
    clean();
    EXPECT_THAT(log_->cleaned_to(), Offset{1});
    EXPECT_EQ(log_->first_unstable_offset(), Offset{2});
    end_transaction(1, false);
    clean();
    EXPECT_EQ(log_->cleaned_to(), Offset{5});
    EXPECT_THAT(offsets(), ElementsAre(3));
}

TEST_F(CleaningTest, RetentionUnderARoundMakesItStop) {
    settings_.cleanup_policy = CleanupPolicy::compact_and_remove;
    settings_.retention_ms.reset();
    open();
    put("a", "1");
    roll();
    put("a", "2");
    roll();
    expect_ok(log_->sync(SyncScope::everything));
    const auto plan = value_of(log_->plan_cleaning(Offset{2}, now_));
    OffsetMap map(1 << 20, 0.9, 42);
    Codecs codecs;
    const CleaningMeans means{.map = map, .codecs = codecs};
    expect_ok(log_->advance_log_start_offset(Offset{1}));
    const auto result = value_of(run_round(plan, means, [&](const CleanedSegment& one) {
        EXPECT_EQ(value_of(log_->delete_old_segments(Offset{2}, now_)), 1U);
        return log_->swap_cleaned(one, now_);
    }));
    EXPECT_EQ(result.up_to, kNoOffset);
    EXPECT_THAT(offsets(), ElementsAre(1));
    EXPECT_THAT(disk_.paths(), Not(Contains(HasSubstr(".cleaned"))));
    restart(Shutdown::unclean);
    EXPECT_THAT(offsets(), ElementsAre(1));
}

TEST_F(CleaningTest, TruncationUnderARoundMakesItStop) {
    open();
    put("a", "1");
    put("a", "2");
    roll();
    expect_ok(log_->sync(SyncScope::everything));
    const auto plan = value_of(log_->plan_cleaning(Offset{2}, now_));
    OffsetMap map(1 << 20, 0.9, 42);
    Codecs codecs;
    const CleaningMeans means{.map = map, .codecs = codecs};
    const auto result = value_of(run_round(plan, means, [&](const CleanedSegment& one) {
        expect_ok(log_->truncate_to(Offset{1}, now_));
        put("b", "1");
        roll();
        return log_->swap_cleaned(one, now_);
    }));
    EXPECT_EQ(result.up_to, kNoOffset);
    log_->mark_cleaned(Offset{2}, plan.generation);
    EXPECT_EQ(log_->cleaned_to(), Offset{0}) << "what was truncated counts as dirty again";
    EXPECT_THAT(table_of(read_committed(*log_, Offset{0})),
                ElementsAre(Pair("a", "1"), Pair("b", "1")));
}

TEST_F(CleaningTest, AFullDiskCostsOneRound) {
    open();
    for (int i = 0; i < 20; ++i) put("a", std::string(100, 'x'));
    roll();
    expect_ok(log_->sync(SyncScope::everything));
    disk_.capacity = disk_.used() + 50;
    const auto refused = compact(*log_, now_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().io, IoCause::no_space);
    EXPECT_FALSE(log_->broken());
    EXPECT_THAT(disk_.paths(), Not(Contains(HasSubstr(".cleaned"))));
    disk_.capacity.reset();
    EXPECT_EQ(clean().up_to, Offset{20});
    EXPECT_THAT(offsets(), ElementsAre(19));
}

TEST_F(CleaningTest, ADamagedBatchStaysAndDoesNotStopTheRest) {
    open();
    put("a", "1");
    put("b", "1");
    put("a", "2");
    roll();
    disk_.bytes(path("00000000000000000000.log"))[kBatchOverhead + 7] ^= 1;
    const auto result = clean();
    EXPECT_EQ(result.counts.damaged_batches, 1U);
    EXPECT_EQ(result.up_to, Offset{3});
    std::vector<std::int64_t> bases;
    const auto bytes = read_bytes(*log_);
    BatchSplitter split(bytes);
    while (split.next()) bases.push_back(split.batch().base_offset().value());
    EXPECT_THAT(bases, ElementsAre(0, 1, 2));
    EXPECT_FALSE(BatchView(ByteView(bytes)).crc_matches()) << "its readers still notice";
}

TEST_F(CleaningTest, ASegmentThatIsNoRowOfBatchesIsReportedAndTheLogGoesOn) {
    open();
    put("a", "1");
    put("a", "2");
    roll();
    disk_.bytes(path("00000000000000000000.log"))[batch_layout::kLength] = 0xff;
    expect_ok(log_->sync(SyncScope::everything));
    const auto refused = compact(*log_, now_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::CORRUPT_MESSAGE);
    EXPECT_FALSE(log_->broken());
    put("a", "3");
}

TEST_F(CleaningTest, TheCheckpointSurvivesARestartIfItFitsTheLog) {
    open();
    put("a", "1");
    put("b", "2");
    clean();
    restart(Shutdown::clean);
    EXPECT_EQ(log_->cleaned_to(), Offset{2});
    kill();
    OpenOptions options;
    options.settings = settings_;
    options.shutdown = Shutdown::clean;
    options.cleaned_to = Offset{99};
    options.now = now_;
    log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
    EXPECT_EQ(log_->cleaned_to(), Offset{0});
}

}  // namespace
}  // namespace milena::log::test
