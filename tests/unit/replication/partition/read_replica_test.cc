#include "replication/partition/read_replica.h"

#include "tests/unit/replication/partition/replicas.h"

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

// Brokers 2 and 3 stand in rack b, this one in a. All hold 10 records; 3 holds 12.
Partition three_racks() {
    auto partition = leader_of({kSelf, kOther, kThird}, 12);
    partition.step(fetched(kOther, 10), ms(1));
    partition.step(fetched(kThird, 12), ms(1));
    return partition;
}

TEST(ReadReplica, IsInTheConsumersRackAndHoldsMost) {
    const auto partition = three_racks();
    const auto& state = partition.state();
    EXPECT_EQ(preferred_read_replica(state, "b", Offset(5), ms(2)), kThird);
    EXPECT_EQ(preferred_read_replica(state, "a", Offset(5), ms(2)), kNoBroker) << "the leader";
    EXPECT_EQ(preferred_read_replica(state, "c", Offset(5), ms(2)), kNoBroker) << "nobody";
    EXPECT_EQ(preferred_read_replica(state, "", Offset(5), ms(2)), kNoBroker) << "no rack told";
    EXPECT_EQ(preferred_read_replica(state, "b", Offset(13), ms(2)), kNoBroker) << "beyond all";
}

TEST(ReadReplica, OfTwoThatHoldTheSameTheOneThatLagsLess) {
    auto partition = leader_of({kSelf, kOther, kThird}, 10);
    partition.step(fetched(kThird, 10), ms(1));
    partition.step(fetched(kOther, 10), ms(5));
    EXPECT_EQ(preferred_read_replica(partition.state(), "b", Offset(5), ms(6)), kOther);
}

TEST(ReadReplica, IsInSyncAliveAndHasNotDeletedTheOffset) {
    auto partition = three_racks();
    auto news = lead(1, {kSelf, kOther}, 12);
    news.partition_epoch = PartitionEpoch(2);
    partition.step(news, ms(2));
    EXPECT_EQ(preferred_read_replica(partition.state(), "b", Offset(5), ms(3)), kOther);
    auto moved = fetched(kOther, 10);
    moved.log_start = Offset(6);
    partition.step(moved, ms(4));
    EXPECT_EQ(preferred_read_replica(partition.state(), "b", Offset(5), ms(5)), kNoBroker);
    EXPECT_EQ(preferred_read_replica(partition.state(), "b", Offset(6), ms(5)), kOther);
    auto brokers = all_active();
    brokers.brokers[1].alive = brokers.brokers[1].active = false;
    partition.step(brokers, ms(6));
    EXPECT_EQ(preferred_read_replica(partition.state(), "b", Offset(6), ms(7)), kNoBroker);
}

}  // namespace
}  // namespace milena::partition
