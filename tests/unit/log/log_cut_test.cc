// Cutting at either end: truncation, DeleteRecords, retention.

#include "log/producer_state.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogCutTest : public LogTest {
  protected:
    LogCutTest() { settings_.segment_bytes = 1'000; }

    // 20 batches of 2 records, epoch by five batches; some segments.
    void fill() {
        open();
        for (int i = 0; i < 20; ++i) {
            append({.records = 2, .timestamp = 1'000 + i * 10}, LeaderEpoch{i / 5});
        }
        ASSERT_GT(log_->segment_count(), 4U);
    }
    std::vector<std::int64_t> evens(std::int64_t from, std::int64_t to) {
        std::vector<std::int64_t> offsets;
        for (std::int64_t offset = from; offset < to; offset += 2) offsets.push_back(offset);
        return offsets;
    }
    std::size_t files(std::string_view suffix) {
        std::size_t count = 0;
        for (const auto& each : disk_.paths()) count += each.ends_with(suffix) ? 1 : 0;
        return count;
    }
};

TEST_F(LogCutTest, TruncationRemovesWhatReachesTheOffsetAndIsDurable) {
    for (std::int64_t to = 0; to <= 41; ++to) {
        kill();
        for (const auto& each : disk_.paths()) expect_ok(disk_.remove(each));
        fill();
        expect_ok(log_->truncate_to(Offset{to}, now_));
        log_->check_invariants();
        const std::int64_t end = std::min<std::int64_t>(to, 40) / 2 * 2;
        EXPECT_EQ(log_->log_end_offset(), Offset{end});
        EXPECT_EQ(batch_offsets(), evens(0, end)) << to;
        const auto latest = log_->latest_epoch();
        EXPECT_EQ(latest.value_or(LeaderEpoch{-1}),
                  LeaderEpoch{(static_cast<int>(end) + 9) / 10 - 1})
            << to;
        if (to < 40) {
            kill();
            disk_.lose_unsynced();
            open(Shutdown::unclean);
            EXPECT_LE(log_->log_end_offset(), Offset{end}) << "what was cut came back";
        }
    }
}

TEST_F(LogCutTest, AfterATruncationTheLogGoesOn) {
    fill();
    expect_ok(log_->truncate_to(Offset{13}, now_));
    EXPECT_EQ(append({.records = 3}, LeaderEpoch{9}).first_offset, Offset{12});
    EXPECT_THAT(batch_offsets(), ElementsAre(0, 2, 4, 6, 8, 10, 12));
    EXPECT_EQ(log_->epoch_end_offset(LeaderEpoch{1}), (EpochEndOffset{LeaderEpoch{1}, Offset{12}}));
    kill();
    open(Shutdown::unclean);
    EXPECT_THAT(batch_offsets(), ElementsAre(0, 2, 4, 6, 8, 10, 12));
    EXPECT_EQ(log_->epoch_end_offset(LeaderEpoch{1}), (EpochEndOffset{LeaderEpoch{1}, Offset{12}}));
}

// KAFKA-10706: a follower that named such an epoch again would be told to cut here for ever.
TEST_F(LogCutTest, TruncationAtTheEndForgetsEpochsInWhichNothingWasWritten) {
    fill();
    const auto before = log_->latest_epoch();
    const auto end = log_->log_end_offset();
    expect_ok(log_->assign_epoch_start(LeaderEpoch{9}, end));
    EXPECT_EQ(log_->latest_epoch(), LeaderEpoch{9});
    expect_ok(log_->truncate_to(end + 1, now_));
    EXPECT_EQ(log_->latest_epoch(), LeaderEpoch{9});
    expect_ok(log_->truncate_to(end, now_));
    EXPECT_EQ(log_->latest_epoch(), before);
    EXPECT_EQ(log_->log_end_offset(), end);
}

TEST_F(LogCutTest, TruncationTakesProducersBack) {
    open();
    const auto batch = [](int sequence) {
        return BatchSpec{.producer_id = ProducerId{1},
                         .producer_epoch = ProducerEpoch{0},
                         .base_sequence = Sequence{sequence}};
    };
    for (int i = 0; i < 12; ++i) append(batch(i));
    expect_ok(log_->truncate_to(Offset{7}, now_));
    EXPECT_EQ(log_->producers().find(ProducerId{1})->last_sequence(), Sequence{6});
    EXPECT_FALSE(value_of(log_->check_producer(make_batch(batch(7)), AppendOrigin::client)));
    EXPECT_FALSE(log_->check_producer(make_batch(batch(8)), AppendOrigin::client));
}

TEST_F(LogCutTest, StartingAnewKeepsNothing) {
    fill();
    expect_ok(log_->truncate_fully_and_start_at(Offset{1'000}, now_));
    log_->check_invariants();
    EXPECT_EQ(log_->log_start_offset(), Offset{1'000});
    EXPECT_EQ(log_->log_end_offset(), Offset{1'000});
    EXPECT_EQ(log_->latest_epoch(), std::nullopt);
    EXPECT_EQ(append().first_offset, Offset{1'000});
    kill();
    open(Shutdown::unclean);
    EXPECT_THAT(batch_offsets(), ElementsAre(1'000));
    EXPECT_EQ(files(".deleted"), 0U);
}

TEST_F(LogCutTest, StartingAnewWhereTheLogBeganRemovesOnlyTheOldFiles) {
    open();
    append();
    expect_ok(log_->truncate_fully_and_start_at(Offset{0}, now_));
    append({.records = 5});
    expect_ok(log_->remove_deleted_files(now_.mono + std::chrono::hours(1)));
    EXPECT_EQ(log_->log_end_offset(), Offset{5});
    EXPECT_THAT(batch_offsets(), ElementsAre(0));
}

TEST_F(LogCutTest, DeleteRecordsMovesTheStartAndRetentionTakesTheFiles) {
    fill();
    settings_.retention_ms.reset();
    log_->update_settings(settings_);
    const std::size_t before = log_->segment_count();
    expect_ok(log_->advance_log_start_offset(Offset{15}));
    expect_ok(log_->advance_log_start_offset(Offset{3}));
    EXPECT_EQ(log_->log_start_offset(), Offset{15});
    EXPECT_FALSE(log_->advance_log_start_offset(Offset{41}));
    const auto removed = value_of(log_->delete_old_segments(Offset{40}, now_));
    EXPECT_GT(removed, 1U);
    EXPECT_EQ(log_->segment_count(), before - removed);
    EXPECT_EQ(log_->log_start_offset(), Offset{15}) << "inside the first segment that is left";
    EXPECT_EQ(batch_offsets().front(), 14);
    EXPECT_EQ(log_->epoch_at(Offset{15}), LeaderEpoch{1});
    EXPECT_EQ(log_->epochs().front(), (EpochEntry{LeaderEpoch{1}, Offset{15}}));
    log_->check_invariants();
}

TEST_F(LogCutTest, RetentionMarksFilesDeletedAndRemovesThemAfterTheDelay) {
    fill();
    settings_.retention_bytes = 1'500;
    settings_.file_delete_delay_ms = Millis{500};
    log_->update_settings(settings_);
    const auto removed = value_of(log_->delete_old_segments(Offset{40}, now_));
    ASSERT_GT(removed, 2U);
    EXPECT_GE(files(".log.deleted"), removed);
    EXPECT_GE(files(".snapshot.deleted"), 1U);
    EXPECT_EQ(log_->log_start_offset(), Offset{batch_offsets().front()});
    expect_ok(log_->remove_deleted_files(now_.mono + Millis{499}));
    EXPECT_GE(files(".deleted"), removed);
    expect_ok(log_->remove_deleted_files(now_.mono + Millis{500}));
    EXPECT_EQ(files(".deleted"), 0U);
    EXPECT_EQ(value_of(log_->delete_old_segments(Offset{40}, now_)), 0U);
    log_->check_invariants();
}

TEST_F(LogCutTest, WhatCouldNotBeRemovedIsTriedAgainAfterTheDelay) {
    fill();
    settings_.retention_bytes = 1'500;
    settings_.file_delete_delay_ms = Millis{500};
    log_->update_settings(settings_);
    ASSERT_GT(value_of(log_->delete_old_segments(Offset{40}, now_)), 2U);
    const MonoTime later = now_.mono + Millis{500};
    auto plan = log_->take_deleted(later);
    const auto all = plan.paths.size();
    EXPECT_TRUE(log_->take_deleted(later).paths.empty()) << "taken once";
    disk_.fault = [](Operation, const std::string&) { return std::optional(IoCause::broken); };
    EXPECT_FALSE(plan.run(disk_));
    disk_.fault = nullptr;
    EXPECT_EQ(plan.paths.size(), all);
    log_->put_back(std::move(plan), later);
    EXPECT_TRUE(log_->take_deleted(later + Millis{499}).paths.empty());
    expect_ok(log_->remove_deleted_files(later + Millis{500}));
    EXPECT_EQ(files(".deleted"), 0U);
}

TEST_F(LogCutTest, WhenAllIsTooOldAnEmptySegmentIsLeft) {
    fill();
    now_.wall = now_.wall + settings_.retention_ms->count() * 2;
    value_of(log_->delete_old_segments(Offset{40}, now_));
    EXPECT_EQ(log_->segment_count(), 1U);
    EXPECT_EQ(log_->log_start_offset(), Offset{40});
    EXPECT_EQ(log_->log_end_offset(), Offset{40});
    EXPECT_THAT(batch_offsets(), IsEmpty());
    EXPECT_EQ(append().first_offset, Offset{40});
    log_->check_invariants();
}

TEST_F(LogCutTest, RetentionNeverPassesTheHighWatermark) {
    fill();
    now_.wall = now_.wall + settings_.retention_ms->count() * 2;
    value_of(log_->delete_old_segments(Offset{11}, now_));
    EXPECT_LE(log_->log_start_offset(), Offset{11});
    EXPECT_GT(log_->log_start_offset(), Offset{0});
}

}  // namespace
}  // namespace milena::log::test
