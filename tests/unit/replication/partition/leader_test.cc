// High watermark, acknowledgements and marks of a leader with followers.
#include "tests/unit/replication/partition/replicas.h"

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

TEST(PartitionLeader, TheHighWatermarkIsTheLowestEndOfTheIsr) {
    auto partition = leader_of({kSelf, kOther, kThird}, 0);
    partition.step(Appended{Offset(10)}, ms(1));
    EXPECT_FALSE(partition.step(fetched(kOther, 7), ms(2)).high_watermark);
    EXPECT_EQ(partition.step(fetched(kThird, 5), ms(3)).high_watermark, Offset(5));
    EXPECT_EQ(partition.step(fetched(kThird, 10), ms(4)).high_watermark, Offset(7));
    const Ready ready = partition.step(fetched(kOther, 10), ms(5));
    EXPECT_EQ(ready.high_watermark, Offset(10));
    EXPECT_EQ(ready.acknowledged, Offset(10));
}

TEST(PartitionLeader, WhoLagsOutsideTheIsrHoldsNothing) {
    auto partition = leader_of({kSelf, kOther}, 100);
    partition.step(fetched(kThird, 3), ms(1));
    EXPECT_EQ(partition.step(fetched(kOther, 100), ms(2)).high_watermark, Offset(100));
}

// KAFKA-7395 (KIP-320): a fetch of another epoch says nothing about this one's log.
TEST(PartitionLeader, AFetchOfAnotherLeaderEpochMovesNothing) {
    auto partition = leader_of({kSelf, kOther}, 0);
    partition.step(Appended{Offset(10)}, ms(1));
    EXPECT_FALSE(partition.step(fetched(kOther, 10, 0), ms(2)).high_watermark);
    EXPECT_FALSE(partition.step(fetched(kOther, 10, 2), ms(2)).high_watermark);
    EXPECT_EQ(partition.state().follower(kOther)->log_end, kNoOffset);
}

// Redpanda #13495: what is known of a follower must be of the log that it has now.
TEST(PartitionLeader, AFetchThatDivergesMovesNothing) {
    auto partition = leader_of({kSelf, kOther}, 10);
    auto diverging = fetched(kOther, 10);
    diverging.last_fetched_epoch = LeaderEpoch(0);
    diverging.ours = {LeaderEpoch(0), Offset(8)};
    EXPECT_FALSE(partition.step(diverging, ms(1)).high_watermark);
    EXPECT_EQ(partition.state().follower(kOther)->log_end, kNoOffset);
    diverging.ours.end = Offset(10);
    EXPECT_EQ(partition.step(diverging, ms(2)).high_watermark, Offset(10));
}

TEST(PartitionLeader, AFetchOutsideTheLogMovesNothing) {
    auto partition = leader_of({kSelf, kOther}, 10);
    partition.step(fetched(kOther, 11), ms(1));
    EXPECT_EQ(partition.state().follower(kOther)->log_end, kNoOffset);
    partition.step(fetched(BrokerId(9), 10), ms(1));
    EXPECT_EQ(partition.state().followers.size(), 2U);
}

TEST(PartitionLeader, NothingIsKnownOfFollowersInANewEpoch) {
    auto partition = leader_of({kSelf, kOther}, 10);
    partition.step(fetched(kOther, 10), ms(1));
    partition.step(lead(2, {kSelf, kOther}, 12), ms(2));
    EXPECT_EQ(partition.state().high_watermark, Offset(10));
    EXPECT_EQ(partition.state().follower(kOther)->log_end, kNoOffset);
    EXPECT_EQ(partition.step(fetched(kOther, 12, 2), ms(3)).high_watermark, Offset(12));
}

TEST(PartitionLeader, WithDiskDurabilityEverybodyInTheIsrHasSyncedWhatIsAcknowledged) {
    auto partition = leader_of({kSelf, kOther}, 0, Durability::disk);
    partition.step(Appended{Offset(5)}, ms(1));
    Ready ready = partition.step(fetched(kOther, 5), ms(2));
    EXPECT_EQ(ready.high_watermark, Offset(5));
    EXPECT_FALSE(ready.acknowledged) << "the leader itself has not synced it";
    EXPECT_EQ(partition.step(Synced{Offset(5)}, ms(3)).acknowledged, Offset(5));
    partition.step(Appended{Offset(9)}, ms(4));
    EXPECT_FALSE(partition.step(Synced{Offset(9)}, ms(5)).acknowledged);
    EXPECT_EQ(partition.step(fetched(kOther, 9), ms(6)).acknowledged, Offset(9));
}

// The leader before may not have synced what is committed here: a power cut of all would take it.
TEST(PartitionLeader, ANewLeaderAcknowledgesOnlyWhatItHeardToBeSynced) {
    Partition partition(kSelf);
    auto input = lead(1, {kSelf, kOther, kThird}, 10, Durability::disk);
    input.log.high_watermark = Offset(10);
    EXPECT_FALSE(partition.step(input, ms(0)).acknowledged);
    EXPECT_EQ(partition.state().high_watermark, Offset(10));
    EXPECT_FALSE(partition.step(fetched(kThird, 10), ms(1)).acknowledged);
    EXPECT_EQ(partition.step(fetched(kOther, 8), ms(2)).acknowledged, Offset(8));
    EXPECT_EQ(partition.step(fetched(kOther, 10), ms(3)).acknowledged, Offset(10));
}

// KIP-966.
TEST(PartitionLeader, BelowMinInsyncReplicasNothingIsCommitted) {
    Partition partition(kSelf);
    auto input = lead(1, {kSelf}, 0);
    input.settings.min_isr = 2;
    partition.step(all_active(), ms(0));
    partition.step(input, ms(0));
    EXPECT_FALSE(partition.step(Appended{Offset(5)}, ms(1)).high_watermark);
    const Ready joining = partition.step(fetched(kOther, 5), ms(2));
    ASSERT_TRUE(joining.alter_isr);
    EXPECT_FALSE(joining.high_watermark) << "proposed is not registered";
    EXPECT_EQ(partition.step(accepted(*joining.alter_isr), ms(3)).high_watermark, Offset(5));
}

TEST(PartitionLeader, TheLowWatermarkIsThatOfTheLiveReplicas) {
    auto partition = leader_of({kSelf, kOther}, 10);
    partition.step(fetched(kOther, 10), ms(1));
    partition.step(fetched(kThird, 10), ms(1));
    EXPECT_EQ(partition.state().low_watermark, Offset(0));
    EXPECT_FALSE(partition.step(LogStartMoved{Offset(6)}, ms(2)).low_watermark);
    auto moved = fetched(kOther, 10);
    moved.log_start = Offset(4);
    partition.step(moved, ms(3));
    EXPECT_EQ(partition.state().low_watermark, Offset(0));
    // The third is gone: it does not hold up a DeleteRecords.
    auto brokers = all_active();
    brokers.brokers[2].alive = brokers.brokers[2].active = false;
    EXPECT_EQ(partition.step(brokers, ms(4)).low_watermark, Offset(4));
    moved.log_start = Offset(6);
    EXPECT_EQ(partition.step(moved, ms(5)).low_watermark, Offset(6));
}

TEST(PartitionLeader, TheLeaseOnlyGetsLonger) {
    auto partition = leader_of({kSelf}, 0);
    EXPECT_EQ(partition.state().lease_until, MonoTime::max());
    partition.step(LeaseUntil{ms(100)}, ms(1));
    EXPECT_EQ(partition.state().lease_until, ms(100));
    partition.step(LeaseUntil{ms(90)}, ms(2));
    EXPECT_EQ(partition.state().lease_until, ms(100));
    partition.step(LeaseUntil{ms(200)}, ms(3));
    EXPECT_EQ(partition.state().lease_until, ms(200));
}

// A stale checkpoint may name more than a log that was cut has now.
TEST(PartitionLeader, TheCheckpointedHighWatermarkCountsOnlyTheFirstTime) {
    Partition partition(kSelf);
    auto input = lead(1, {kSelf, kOther}, 10);
    input.log.high_watermark = Offset(6);
    partition.step(input, ms(0));
    EXPECT_EQ(partition.state().high_watermark, Offset(6));
    input = lead(2, {kSelf, kOther}, 10);
    input.log.high_watermark = Offset(9);
    partition.step(input, ms(1));
    EXPECT_EQ(partition.state().high_watermark, Offset(6));
}

}  // namespace
}  // namespace milena::partition
