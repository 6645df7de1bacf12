#include "replication/partition/access.h"

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

State leading(std::int32_t epoch) {
    State state;
    state.self = state.leader = BrokerId(1);
    state.role = Role::leader;
    state.leader_epoch = LeaderEpoch(epoch);
    state.replicas = {BrokerId(1), BrokerId(2), BrokerId(3)};
    state.isr = {BrokerId(1), BrokerId(2)};
    state.settings.min_isr = 2;
    state.log_end = Offset(100);
    state.high_watermark = Offset(80);
    return state;
}

State following(std::int32_t epoch) {
    State state = leading(epoch);
    state.role = Role::follower;
    state.leader = BrokerId(2);
    return state;
}

TEST(PartitionAccess, LeaderEpochsAreFenced) {
    struct Row {
        State state;
        std::int32_t asked;
        ErrorCode expected;
    };
    const Row rows[] = {
        {leading(5), -1, ErrorCode::NONE},
        {leading(5), 5, ErrorCode::NONE},
        {leading(5), 4, ErrorCode::FENCED_LEADER_EPOCH},
        {leading(5), 6, ErrorCode::UNKNOWN_LEADER_EPOCH},
        {following(5), -1, ErrorCode::NOT_LEADER_OR_FOLLOWER},
        {following(5), 5, ErrorCode::NOT_LEADER_OR_FOLLOWER},
        // The epoch is looked at first, as in Kafka.
        {following(5), 4, ErrorCode::FENCED_LEADER_EPOCH},
        {following(5), 6, ErrorCode::UNKNOWN_LEADER_EPOCH},
    };
    for (const auto& row : rows) {
        const auto status = check_leader(row.state, LeaderEpoch(row.asked), "events-3");
        const auto code = status ? ErrorCode::NONE : status.error().code;
        EXPECT_EQ(error_name(code), error_name(row.expected)) << "asked with epoch " << row.asked;
        if (!status) {
            EXPECT_NE(status.error().detail.find("events-3"), std::string::npos);
        }
    }
}

TEST(PartitionAccess, AFollowerServesConsumersButKnowsItsEpoch) {
    EXPECT_TRUE(check_replica(following(5), LeaderEpoch(5), "t-0"));
    EXPECT_TRUE(check_replica(leading(5), kNoLeaderEpoch, "t-0"));
    EXPECT_EQ(check_replica(following(5), LeaderEpoch(4), "t-0").error().code,
              ErrorCode::FENCED_LEADER_EPOCH);
    EXPECT_EQ(check_replica(State{}, kNoLeaderEpoch, "t-0").error().code,
              ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

TEST(PartitionAccess, NothingIsServedBeyondTheLease) {
    State state = leading(5);
    EXPECT_TRUE(check_lease(state, MonoTime(Millis(99'999)), "t-0")) << "there is no lease";
    state.lease_until = MonoTime(Millis(100));
    EXPECT_TRUE(check_lease(state, MonoTime(Millis(99)), "t-0"));
    EXPECT_EQ(check_lease(state, MonoTime(Millis(100)), "t-0").error().code,
              ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

TEST(PartitionAccess, ABrokerThatHoldsNoReplicaIsAheadOfUs) {
    State state = leading(5);
    state.followers = {{.id = BrokerId(2)}};
    EXPECT_TRUE(check_follower(state, BrokerId(2), "t-0"));
    EXPECT_EQ(check_follower(state, BrokerId(4), "t-0").error().code,
              ErrorCode::UNKNOWN_LEADER_EPOCH);
}

TEST(PartitionAccess, ProduceNeedsALeaderAndForAcksAllEnoughReplicas) {
    State state = leading(7);
    for (const auto acks : std::initializer_list<std::int16_t>{-1, 0, 1}) {
        EXPECT_EQ(may_produce(state, acks, "t-0").value(), LeaderEpoch(7));
    }
    state.isr = {BrokerId(1)};
    EXPECT_EQ(may_produce(state, 1, "t-0").value(), LeaderEpoch(7));
    EXPECT_EQ(may_produce(state, 0, "t-0").value(), LeaderEpoch(7));
    EXPECT_EQ(may_produce(state, -1, "t-0").error().code, ErrorCode::NOT_ENOUGH_REPLICAS);
    EXPECT_EQ(check_acknowledged(state, "t-0").error().code,
              ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    EXPECT_TRUE(check_acknowledged(leading(7), "t-0"));
    EXPECT_EQ(may_produce(following(7), 1, "t-0").error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

TEST(PartitionAccess, ReadersSeeAsFarAsTheirIsolationAllows) {
    const State state = leading(0);
    EXPECT_EQ(visible_end(state, Reader::uncommitted, Offset(50)), Offset(80));
    EXPECT_EQ(visible_end(state, Reader::committed, Offset(50)), Offset(50));
    EXPECT_EQ(visible_end(state, Reader::committed, kNoOffset), Offset(80));
    EXPECT_EQ(visible_end(state, Reader::committed, Offset(90)), Offset(80));
    EXPECT_EQ(visible_end(state, Reader::replica, Offset(50)), Offset(100));
}

TEST(PartitionAccess, LatestOffsetIsUnknownUntilTheEpochIsCommitted) {
    State state = leading(0);
    state.leader_epoch_start = Offset(80);
    EXPECT_TRUE(may_list_latest(state, "t-0"));
    state.leader_epoch_start = Offset(81);
    EXPECT_EQ(may_list_latest(state, "t-0").error().code, ErrorCode::OFFSET_NOT_AVAILABLE);
}

}  // namespace
}  // namespace milena::partition
