#include "replication/partition/partition.h"

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

constexpr MonoTime kNow{};
constexpr BrokerId kSelf{1};

BecomeLeader leader(std::int32_t epoch, std::int64_t log_end,
                    Durability durability = Durability::page_cache) {
    return {.leader_epoch = LeaderEpoch(epoch),
            .partition_epoch = PartitionEpoch(epoch),
            .replicas = {kSelf},
            .isr = {kSelf},
            .settings = {.min_isr = 1, .durability = durability},
            .log = {.log_end = Offset(log_end), .synced_end = Offset(log_end)}};
}

TEST(Partition, TheOnlyReplicaCommitsWhatItHoldsWhenItBecomesLeader) {
    Partition partition(kSelf);
    const Ready ready = partition.step(leader(3, 17), kNow);
    EXPECT_EQ(ready.high_watermark, Offset(17));
    EXPECT_EQ(ready.acknowledged, Offset(17));
    EXPECT_FALSE(ready.epoch_ended);
    EXPECT_EQ(partition.state().leader_epoch_start, Offset(17));
}

TEST(Partition, WithPageCacheDurabilityAnAppendIsAcknowledgedAtOnce) {
    Partition partition(kSelf);
    partition.step(leader(0, 0), kNow);
    const Ready ready = partition.step(Appended{Offset(5)}, kNow);
    EXPECT_EQ(ready.high_watermark, Offset(5));
    EXPECT_EQ(ready.acknowledged, Offset(5));
}

TEST(Partition, WithDiskDurabilityTheAcknowledgementWaitsForTheSync) {
    Partition partition(kSelf);
    partition.step(leader(0, 0, Durability::disk), kNow);
    Ready ready = partition.step(Appended{Offset(5)}, kNow);
    EXPECT_EQ(ready.high_watermark, Offset(5));
    EXPECT_FALSE(ready.acknowledged);
    ready = partition.step(Synced{Offset(3)}, kNow);
    EXPECT_EQ(ready.acknowledged, Offset(3));
    partition.step(Appended{Offset(9)}, kNow);
    ready = partition.step(Synced{Offset(9)}, kNow);
    EXPECT_EQ(ready.acknowledged, Offset(9));
    EXPECT_FALSE(ready.high_watermark);
}

TEST(Partition, ASyncThatOverlappedAnAppendNeverCountsMoreThanTheLogHolds) {
    Partition partition(kSelf);
    partition.step(leader(0, 0, Durability::disk), kNow);
    partition.step(Appended{Offset(5)}, kNow);
    partition.step(Synced{Offset(7)}, kNow);
    EXPECT_EQ(partition.state().synced_end, Offset(5));
    partition.step(Synced{Offset(4)}, kNow);
    EXPECT_EQ(partition.state().synced_end, Offset(5));
}

TEST(Partition, AnotherIsrMemberHoldsTheHighWatermarkUntilItFetches) {
    Partition partition(kSelf);
    auto input = leader(0, 10);
    input.replicas = input.isr = {kSelf, BrokerId(2)};
    input.log.high_watermark = Offset(4);
    const Ready ready = partition.step(input, kNow);
    EXPECT_FALSE(ready.high_watermark);
    EXPECT_EQ(partition.state().high_watermark, Offset(4));
}

TEST(Partition, TheHighWatermarkStandsStillBelowMinInsyncReplicas) {
    Partition partition(kSelf);
    auto input = leader(0, 0);
    input.replicas = {kSelf, BrokerId(2)};
    input.settings.min_isr = 2;
    partition.step(input, kNow);
    EXPECT_FALSE(partition.step(Appended{Offset(5)}, kNow).high_watermark);
    const Ready ready =
        partition.step(SettingsChanged{{.min_isr = 1, .durability = Durability::page_cache}}, kNow);
    EXPECT_EQ(ready.high_watermark, Offset(5));
}

TEST(Partition, MinInsyncReplicasNeverAsksForMoreThanThereAre) {
    Partition partition(kSelf);
    auto input = leader(0, 0);
    input.settings.min_isr = 3;
    partition.step(input, kNow);
    EXPECT_EQ(partition.step(Appended{Offset(1)}, kNow).high_watermark, Offset(1));
}

TEST(Partition, OldNewsFromTheMetadataIsIgnored) {
    Partition partition(kSelf);
    partition.step(leader(4, 0), kNow);
    partition.step(leader(3, 0), kNow);
    EXPECT_EQ(partition.state().leader_epoch, LeaderEpoch(4));
    const Ready ready = partition.step(BecomeFollower{.leader_epoch = LeaderEpoch(3),
                                                      .partition_epoch = PartitionEpoch(9),
                                                      .leader = BrokerId(2),
                                                      .settings = {},
                                                      .log = {}},
                                       kNow);
    EXPECT_FALSE(ready.epoch_ended);
    EXPECT_EQ(partition.state().role, Role::leader);
}

TEST(Partition, ANewEpochEndsTheOldOneAndKeepsWhatWasCommitted) {
    Partition partition(kSelf);
    partition.step(leader(0, 0), kNow);
    partition.step(Appended{Offset(8)}, kNow);
    auto input = leader(2, 8);
    input.log.high_watermark = Offset(1);
    const Ready ready = partition.step(input, kNow);
    EXPECT_TRUE(ready.epoch_ended);
    EXPECT_EQ(partition.state().high_watermark, Offset(8));
    EXPECT_EQ(partition.state().leader_epoch_start, Offset(8));
}

TEST(Partition, AChangeOfTheIsrAloneKeepsTheEpochAndItsStart) {
    Partition partition(kSelf);
    partition.step(leader(0, 0), kNow);
    partition.step(Appended{Offset(8)}, kNow);
    auto input = leader(0, 0);
    input.partition_epoch = PartitionEpoch(1);
    const Ready ready = partition.step(input, kNow);
    EXPECT_FALSE(ready.epoch_ended);
    EXPECT_EQ(partition.state().log_end, Offset(8));
    EXPECT_EQ(partition.state().leader_epoch_start, Offset(0));
}

TEST(Partition, ALeaderThatBecomesFollowerEndsItsEpochOnce) {
    Partition partition(kSelf);
    partition.step(leader(0, 0), kNow);
    const BecomeFollower stop{.leader_epoch = LeaderEpoch(1),
                              .partition_epoch = PartitionEpoch(1),
                              .leader = kNoBroker,
                              .settings = {},
                              .log = {}};
    EXPECT_TRUE(partition.step(stop, kNow).epoch_ended);
    EXPECT_FALSE(partition.step(stop, kNow).epoch_ended);
    EXPECT_FALSE(partition.step(Synced{Offset(0)}, kNow).acknowledged);
}

TEST(Partition, BrokenInvariantsAreNamed) {
    State state;
    EXPECT_EQ(check_invariants(state), std::nullopt);
    state.high_watermark = Offset(1);
    EXPECT_EQ(check_invariants(state), "HighWatermarkInLog");
    state.log_end = Offset(1);
    state.acknowledged = Offset(2);
    EXPECT_EQ(check_invariants(state), "AcknowledgedIsCommitted");
    state.acknowledged = Offset(1);
    state.synced_end = Offset(2);
    EXPECT_EQ(check_invariants(state), "SyncedInLog");
    state.synced_end = Offset(1);
    state.role = Role::leader;
    state.self = kSelf;
    EXPECT_EQ(check_invariants(state), "LeaderIsReplica");
    state.replicas = {kSelf};
    state.isr = {BrokerId(2)};
    EXPECT_EQ(check_invariants(state), "LeaderIsReplica");
    state.isr = {kSelf};
    state.leader_epoch_start = Offset(2);
    EXPECT_EQ(check_invariants(state), "EpochStartInLog");
    state.leader_epoch_start = Offset(0);
    state.replicas = {kSelf, BrokerId(2)};
    EXPECT_EQ(check_invariants(state), "OneStateForEachFollower");
    state.followers = {{.id = BrokerId(2)}};
    EXPECT_EQ(check_invariants(state), std::nullopt);
    state.proposal = {.id = 1, .partition_epoch = PartitionEpoch(9), .isr = {}};
    EXPECT_EQ(check_invariants(state), "ProposalIsOfThisEpoch");
}

}  // namespace
}  // namespace milena::partition
