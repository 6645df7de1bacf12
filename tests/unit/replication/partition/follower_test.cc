// A follower: what it asks for, what it cuts, how its marks follow.
#include "replication/partition/truncation.h"
#include "tests/unit/replication/partition/replicas.h"

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

BecomeFollower follow(std::int32_t epoch, std::int64_t log_end, std::int32_t last_epoch,
                      Durability durability = Durability::page_cache) {
    return {.leader_epoch = LeaderEpoch(epoch),
            .partition_epoch = PartitionEpoch(epoch),
            .leader = kOther,
            .settings = {.durability = durability},
            .log = {.log_end = Offset(log_end),
                    .synced_end = Offset(log_end),
                    .last_epoch = LeaderEpoch(last_epoch)}};
}

Partition follower_of(std::int32_t epoch, std::int64_t log_end, std::int32_t last_epoch,
                      Durability durability = Durability::page_cache) {
    Partition partition(kSelf);
    partition.step(follow(epoch, log_end, last_epoch, durability), ms(0));
    return partition;
}

FetchReply reply(std::int64_t offset, bool has_records, std::int64_t high_watermark,
                 std::int32_t leader_epoch = 5) {
    return {.leader_epoch = LeaderEpoch(leader_epoch),
            .offset = Offset(offset),
            .has_records = has_records,
            .high_watermark = Offset(high_watermark),
            .log_start = Offset(0),
            .diverging = std::nullopt,
            .ours = {}};
}

FetchReply diverging(std::int64_t offset, EpochEnd theirs, EpochEnd ours) {
    auto answer = reply(offset, false, 0);
    answer.diverging = theirs;
    answer.ours = ours;
    return answer;
}

EpochEnd ends(std::int32_t epoch, std::int64_t end) {
    return {LeaderEpoch(epoch), Offset(end)};
}

TEST(PartitionFollower, AsksFromTheEndOfItsLogWithTheEpochItEndsIn) {
    const auto partition = follower_of(5, 10, 3);
    const FetchPosition expected{.leader_epoch = LeaderEpoch(5),
                                 .offset = Offset(10),
                                 .last_fetched_epoch = LeaderEpoch(3),
                                 .log_start = Offset(0)};
    EXPECT_EQ(partition.fetch_position(), expected);
}

TEST(PartitionFollower, WithoutALeaderThereIsNothingToAsk) {
    Partition partition(kSelf);
    EXPECT_EQ(partition.fetch_position(), std::nullopt);
    auto input = follow(5, 10, 3);
    input.leader = kNoBroker;
    partition.step(input, ms(0));
    EXPECT_EQ(partition.fetch_position(), std::nullopt);
    EXPECT_EQ(leader_of({kSelf}, 3).fetch_position(), std::nullopt);
}

TEST(PartitionFollower, WhatWasFetchedIsAppendedUpToTheEpochThatWasAskedIn) {
    auto partition = follower_of(5, 10, 3);
    // KAFKA-18723.
    EXPECT_EQ(partition.step(reply(10, true, 12), ms(1)).append_limit, LeaderEpoch(5));
    EXPECT_EQ(partition.fetch_position(), std::nullopt) << "while it is being written";
    const Ready ready = partition.step(Replicated{Offset(14), LeaderEpoch(5)}, ms(2));
    EXPECT_EQ(ready.high_watermark, Offset(12));
    EXPECT_FALSE(ready.sync);
    EXPECT_EQ(partition.fetch_position()->offset, Offset(14));
    EXPECT_EQ(partition.fetch_position()->last_fetched_epoch, LeaderEpoch(5));
}

// KAFKA-15510.
TEST(PartitionFollower, AnEmptyAnswerKeepsTheLastFetchedEpoch) {
    auto partition = follower_of(5, 10, 3);
    EXPECT_EQ(partition.step(reply(10, false, 10), ms(1)).high_watermark, Offset(10));
    EXPECT_EQ(partition.fetch_position()->last_fetched_epoch, LeaderEpoch(3));
}

TEST(PartitionFollower, TheHighWatermarkGoesNoFurtherThanTheLogAndNeverBack) {
    auto partition = follower_of(5, 10, 3);
    EXPECT_EQ(partition.step(reply(10, false, 50), ms(1)).high_watermark, Offset(10));
    EXPECT_FALSE(partition.step(reply(10, false, 4), ms(2)).high_watermark);
    EXPECT_EQ(partition.state().high_watermark, Offset(10));
}

TEST(PartitionFollower, AnAnswerToAnotherQuestionIsIgnored) {
    auto partition = follower_of(5, 10, 3);
    EXPECT_FALSE(partition.step(reply(9, true, 10), ms(1)).append_limit) << "another offset";
    EXPECT_FALSE(partition.step(reply(10, true, 10, 4), ms(1)).append_limit) << "another epoch";
    partition.step(reply(10, true, 10), ms(2));
    EXPECT_FALSE(partition.step(reply(10, true, 10), ms(3)).append_limit) << "the first is at work";
    auto led = leader_of({kSelf}, 10);
    EXPECT_FALSE(led.step(reply(10, true, 10, 1), ms(1)).append_limit);
}

// KAFKA-13207: what happened to the log before the role changed is no news for the new one.
TEST(PartitionFollower, WhatTheLogDidUnderAnotherRoleIsIgnored) {
    auto partition = follower_of(5, 10, 3);
    partition.step(reply(10, true, 10), ms(1));
    partition.step(lead(6, {kSelf}, 12), ms(2));
    partition.step(Replicated{Offset(14), LeaderEpoch(5)}, ms(3));
    EXPECT_EQ(partition.state().log_end, Offset(12));
}

// KIP-101, KIP-279; KAFKA-6361, KAFKA-7164.
TEST(PartitionFollower, TheLogIsCutWhereItPartsFromTheLeaders) {
    struct Row {
        const char* what;
        EpochEnd theirs, ours;
        std::int64_t cut;
    };
    const Row rows[] = {
        {"the leader's epoch ended earlier", ends(3, 7), ends(3, 10), 7},
        {"ours ended earlier", ends(3, 9), ends(3, 8), 8},
        {"an epoch we do not know: back to the one before", ends(2, 9), ends(1, 6), 6},
        {"we know none so old: to the leader's end", ends(2, 4), ends(2, 0), 0},
        {"no epochs at all", ends(2, 4), EpochEnd{}, 4},
        {"the leader's end is beyond ours", ends(3, 99), ends(3, 10), 10},
    };
    for (const auto& row : rows) {
        auto partition = follower_of(5, 10, 3);
        const Ready ready = partition.step(diverging(10, row.theirs, row.ours), ms(1));
        EXPECT_EQ(ready.truncate_to, Offset(row.cut)) << row.what;
        EXPECT_EQ(truncation_point(row.theirs, row.ours, Offset(10)), Offset(row.cut));
    }
}

// KAFKA-14704: what the leader has committed says nothing of records that it does not have.
TEST(PartitionFollower, TheLeadersHighWatermarkCountsOnlyOnceTheLogsAgree) {
    auto partition = follower_of(5, 10, 3);
    auto answer = diverging(10, ends(3, 7), ends(3, 10));
    answer.high_watermark = Offset(9);
    EXPECT_FALSE(partition.step(answer, ms(1)).high_watermark);
    const Ready cut = partition.step(Truncated{Offset(0), Offset(7), LeaderEpoch(3)}, ms(2));
    EXPECT_FALSE(cut.high_watermark);
    EXPECT_EQ(partition.state().high_watermark, Offset(0));
    EXPECT_EQ(partition.fetch_position()->offset, Offset(7));
    EXPECT_EQ(partition.step(reply(7, false, 9), ms(3)).high_watermark, Offset(7));
}

// KAFKA-10706: an epoch in which nothing was written yet, at the very end of the log.
TEST(PartitionFollower, EpochsThatBeginAtTheEndAreCutEvenIfNoRecordIs) {
    auto partition = follower_of(5, 10, 4);
    const Ready ready = partition.step(diverging(10, ends(3, 10), ends(3, 10)), ms(1));
    EXPECT_EQ(ready.truncate_to, Offset(10));
    partition.step(Truncated{Offset(0), Offset(10), LeaderEpoch(3)}, ms(2));
    EXPECT_EQ(partition.fetch_position()->last_fetched_epoch, LeaderEpoch(3));
}

TEST(PartitionFollower, ABatchThatReachesBeyondTheCutGoesWholly) {
    auto partition = follower_of(5, 10, 3);
    partition.step(diverging(10, ends(3, 7), ends(3, 10)), ms(1));
    partition.step(Truncated{Offset(0), Offset(5), LeaderEpoch(3)}, ms(2));
    EXPECT_EQ(partition.fetch_position()->offset, Offset(5));
}

TEST(PartitionFollower, WhatTheLeaderHasDeletedIsNotKeptWhenTheLogsPart) {
    auto partition = follower_of(5, 10, 3);
    auto answer = diverging(10, ends(3, 8), ends(3, 10));
    answer.log_start = Offset(8);
    const Ready ready = partition.step(answer, ms(1));
    EXPECT_EQ(ready.start_at, Offset(8));
    EXPECT_FALSE(ready.truncate_to);
    partition.step(Truncated{Offset(8), Offset(8), kNoLeaderEpoch}, ms(2));
    EXPECT_EQ(partition.state().high_watermark, Offset(8));
}

// After an unclean election even what was committed is cut.
TEST(PartitionFollower, TheHighWatermarkFollowsACutBelowIt) {
    auto partition = follower_of(5, 10, 3);
    partition.step(reply(10, false, 10), ms(1));
    auto next = follow(6, 10, 3);
    partition.step(next, ms(2));
    auto answer = diverging(10, ends(3, 4), ends(3, 10));
    answer.leader_epoch = LeaderEpoch(6);
    partition.step(answer, ms(3));
    partition.step(Truncated{Offset(0), Offset(4), LeaderEpoch(2)}, ms(4));
    EXPECT_EQ(partition.state().high_watermark, Offset(4));
}

TEST(PartitionFollower, TheLogStartFollowsTheLeadersAsFarAsItIsCommitted) {
    auto partition = follower_of(5, 10, 3);
    auto answer = reply(10, false, 6);
    answer.log_start = Offset(8);
    EXPECT_EQ(partition.step(answer, ms(1)).log_start, Offset(6));
    answer.high_watermark = Offset(10);
    EXPECT_EQ(partition.step(answer, ms(2)).log_start, Offset(8));
    EXPECT_EQ(partition.fetch_position()->log_start, Offset(8));
}

TEST(PartitionFollower, AnOffsetOutOfRangeIsMendedFromTheLeadersEnds) {
    struct Row {
        const char* what;
        std::int64_t start, end;
        std::optional<Offset> truncate, restart;
    };
    const Row rows[] = {
        {"the leader ends earlier (unclean)", 0, 7, Offset(7), std::nullopt},
        {"the leader begins later", 20, 30, std::nullopt, Offset(20)},
        {"it is in range by now", 0, 30, std::nullopt, std::nullopt},
        {"nonsense", 30, 20, std::nullopt, std::nullopt},
        {"nothing known", -1, -1, std::nullopt, std::nullopt},
    };
    for (const auto& row : rows) {
        auto partition = follower_of(5, 10, 3);
        const OutOfRange input{LeaderEpoch(5), Offset(row.start), Offset(row.end)};
        const Ready ready = partition.step(input, ms(1));
        EXPECT_EQ(ready.truncate_to, row.truncate) << row.what;
        EXPECT_EQ(ready.start_at, row.restart) << row.what;
        auto other = follower_of(6, 10, 3);
        EXPECT_FALSE(other.step(input, ms(1)).truncate_to) << "of an earlier epoch";
    }
}

TEST(PartitionFollower, WithDiskDurabilityNothingIsAskedForBeforeAllIsSynced) {
    auto partition = follower_of(5, 10, 3, Durability::disk);
    EXPECT_TRUE(partition.fetch_position());
    partition.step(reply(10, true, 10), ms(1));
    EXPECT_TRUE(partition.step(Replicated{Offset(14), LeaderEpoch(5)}, ms(2)).sync);
    EXPECT_EQ(partition.fetch_position(), std::nullopt);
    partition.step(Synced{Offset(13)}, ms(3));
    EXPECT_EQ(partition.fetch_position(), std::nullopt);
    partition.step(Synced{Offset(14)}, ms(4));
    EXPECT_EQ(partition.fetch_position()->offset, Offset(14));
}

// Redpanda 2327254c: a sync that began before a cut says nothing of what came after.
TEST(PartitionFollower, ACutTakesBackWhatWasSynced) {
    auto partition = follower_of(5, 10, 3, Durability::disk);
    partition.step(diverging(10, ends(3, 7), ends(3, 10)), ms(1));
    partition.step(Truncated{Offset(0), Offset(7), LeaderEpoch(3)}, ms(2));
    EXPECT_EQ(partition.state().synced_end, Offset(7));
    partition.step(reply(7, true, 7), ms(3));
    partition.step(Replicated{Offset(12), LeaderEpoch(5)}, ms(4));
    EXPECT_EQ(partition.fetch_position(), std::nullopt);
}

TEST(PartitionFollower, AFormerLeaderSyncsItsTailBeforeItAsks) {
    auto partition = leader_of({kSelf}, 10, Durability::disk);
    partition.step(Appended{Offset(15)}, ms(1));
    auto input = follow(2, 15, 1, Durability::disk);
    input.log.synced_end = Offset(10);
    const Ready ready = partition.step(input, ms(2));
    EXPECT_TRUE(ready.epoch_ended);
    EXPECT_TRUE(ready.sync);
    EXPECT_EQ(partition.fetch_position(), std::nullopt);
}

// Of logs older than epochs; everything else is compared.
TEST(PartitionFollower, RecordsWithoutAnyEpochAreCutAtTheHighWatermark) {
    Partition partition(kSelf);
    auto input = follow(5, 10, -1);
    input.log.high_watermark = Offset(6);
    EXPECT_EQ(partition.step(input, ms(0)).truncate_to, Offset(6));
    EXPECT_EQ(follower_of(5, 10, 3).state().log_end, Offset(10));
}

TEST(PartitionFollower, NothingUsableInAnAnswerLeavesItWhereItWas) {
    auto partition = follower_of(5, 10, 3);
    partition.step(reply(10, true, 10), ms(1));
    partition.step(Replicated{Offset(10), LeaderEpoch(3)}, ms(2));
    EXPECT_EQ(partition.fetch_position()->offset, Offset(10));
}

TEST(PartitionDivergence, IsToldByTheEpochBeforeTheOffset) {
    struct Row {
        const char* what;
        std::int64_t offset;
        std::int32_t last_fetched;
        EpochEnd ours;
        bool parts;
    };
    const Row rows[] = {
        {"same epoch, within it", 10, 3, ends(3, 12), false},
        {"at its end", 12, 3, ends(3, 12), false},
        {"beyond its end", 13, 3, ends(3, 12), true},
        {"an epoch that is unknown here", 10, 3, ends(2, 12), true},
        {"nothing known here", 10, 3, EpochEnd{}, true},
        {"not told", 10, -1, EpochEnd{}, false},
    };
    for (const auto& row : rows) {
        const auto found =
            find_divergence(Offset(row.offset), LeaderEpoch(row.last_fetched), row.ours);
        EXPECT_EQ(found.has_value(), row.parts) << row.what;
        if (found) {
            EXPECT_EQ(*found, row.ours) << row.what;
        }
    }
}

}  // namespace
}  // namespace milena::partition
