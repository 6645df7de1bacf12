// AlterPartition: the checks in Kafka's order, and what an accepted proposal leads to.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

class Proposals : public ::testing::Test {
  protected:
    Proposals() {
        for (const int id : {1, 2, 3, 4, 5}) cluster.add_broker(id);
        cluster.create_on("t", ids({1, 2, 3, 4}));
        cluster.kill(4);
        auto leaving = cluster.heartbeat(5, cluster.epoch_of(5));
        leaving.want_shut_down = true;
        cluster.create_on("of-5", ids({5, 3}));
        cluster.create_on("s", ids({1, 5}));
        cluster.ask(leaving);
    }
    TestCluster cluster;
};

TEST_F(Proposals, ThatCannotBeRightAreRefusedAsKafkaRefusesThem) {
    // Leader epoch 0, partition epoch 1 (broker 4 left).
    ASSERT_EQ(cluster.partition("t").partition_epoch, PartitionEpoch(1));
    using Partition = AlterPartition::Partition;
    struct Row {
        const char* what;
        std::function<void(AlterPartition&, Partition&)> spoil;
        ErrorCode expected;
    };
    const Row rows[] = {
        {"fine", [](AlterPartition&, Partition&) {}, ErrorCode::NONE},
        {"unknown topic", [](AlterPartition& r, Partition&) { r.topics[0].id = {}; },
         ErrorCode::UNKNOWN_TOPIC_ID},
        {"unknown partition", [](AlterPartition&, Partition& p) { p.index = PartitionIndex(1); },
         ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"negative partition", [](AlterPartition&, Partition& p) { p.index = PartitionIndex(-1); },
         ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"leader epoch ahead",
         [](AlterPartition&, Partition& p) { p.leader_epoch = LeaderEpoch(1); },
         ErrorCode::NOT_CONTROLLER},
        {"partition epoch ahead",
         [](AlterPartition&, Partition& p) { p.partition_epoch = PartitionEpoch(2); },
         ErrorCode::NOT_CONTROLLER},
        {"partition epoch behind",
         [](AlterPartition&, Partition& p) { p.partition_epoch = PartitionEpoch(0); },
         ErrorCode::INVALID_UPDATE_VERSION},
        {"leader epoch behind",
         [](AlterPartition&, Partition& p) { p.leader_epoch = LeaderEpoch(-1); },
         ErrorCode::FENCED_LEADER_EPOCH},
        {"empty", [](AlterPartition&, Partition& p) { p.isr.clear(); }, ErrorCode::INVALID_REQUEST},
        {"twice", [](AlterPartition&, Partition& p) { p.isr.push_back(p.isr[0]); },
         ErrorCode::INVALID_REQUEST},
        {"no replica", [](AlterPartition&, Partition& p) { p.isr.push_back({BrokerId(5)}); },
         ErrorCode::INVALID_REQUEST},
        {"without the leader", [](AlterPartition&, Partition& p) { p.isr.erase(p.isr.begin()); },
         ErrorCode::INVALID_REQUEST},
        {"recovering after all",
         [](AlterPartition&, Partition& p) {
             p.isr.resize(1);
             p.recovery = LeaderRecoveryState::recovering;
         },
         ErrorCode::INVALID_REQUEST},
        {"recovering with followers",
         [](AlterPartition&, Partition& p) { p.recovery = LeaderRecoveryState::recovering; },
         ErrorCode::INVALID_REQUEST},
        {"fenced member", [](AlterPartition&, Partition& p) { p.isr.push_back({BrokerId(4)}); },
         ErrorCode::INELIGIBLE_REPLICA},
        {"member that registered again",
         [](AlterPartition&, Partition& p) { p.isr[1].epoch = BrokerEpoch(1); },
         ErrorCode::INELIGIBLE_REPLICA},
        {"member whose epoch is not checked",
         [](AlterPartition&, Partition& p) { p.isr[1].epoch = BrokerEpoch(-1); }, ErrorCode::NONE},
    };
    for (const auto& row : rows) {
        auto request = cluster.proposal("t", ids({1, 2}));
        row.spoil(request, request.topics[0].partitions[0]);
        const auto decision = cluster.decide(request);
        const auto& reply = std::get<AlterPartition::Reply>(decision.reply);
        ASSERT_EQ(reply.error.code, ErrorCode::NONE) << row.what;
        const auto& error = reply.topics.at(0).partitions.at(0).error;
        EXPECT_EQ(error_name(error.code), error_name(row.expected)) << row.what << error.detail;
        EXPECT_EQ(decision.records.empty(), row.expected != ErrorCode::NONE) << row.what;
    }
}

TEST_F(Proposals, OfWhoDoesNotLeadAreRefused) {
    auto request = cluster.proposal("t", ids({1, 2}));
    request.broker = BrokerId(2);
    request.broker_epoch = cluster.epoch_of(2);
    EXPECT_EQ(cluster.ask(request).topics.at(0).partitions.at(0).error.code,
              ErrorCode::INVALID_REQUEST);
}

TEST_F(Proposals, OfAnEarlierRegistrationAreRefusedAsAWhole) {
    auto request = cluster.proposal("t", ids({1, 2}));
    request.broker_epoch = BrokerEpoch(0);
    auto reply = cluster.ask(request);
    EXPECT_EQ(reply.error.code, ErrorCode::STALE_BROKER_EPOCH);
    EXPECT_TRUE(reply.topics.empty());
    request.broker = BrokerId(77);
    EXPECT_EQ(cluster.ask(request).error.code, ErrorCode::STALE_BROKER_EPOCH);
}

TEST_F(Proposals, WithAMemberThatShutsDownAreRefused) {
    EXPECT_EQ(cluster.propose("s", ids({1, 5})), ErrorCode::INELIGIBLE_REPLICA);
}

TEST_F(Proposals, ThatAreAcceptedAreAnsweredWithWhatStandsNow) {
    const auto reply = cluster.ask(cluster.proposal("t", ids({3, 1})));
    const auto& partition = reply.topics.at(0).partitions.at(0);
    EXPECT_EQ(partition.error.code, ErrorCode::NONE);
    EXPECT_EQ(partition.leader, BrokerId(1));
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(partition.partition_epoch, PartitionEpoch(2));
    EXPECT_EQ(partition.isr, ids({3, 1}));
    EXPECT_EQ(cluster.partition("t").isr, ids({3, 1}));
    // The same again changes nothing, and is answered alike.
    const auto again = cluster.decide(cluster.proposal("t", ids({3, 1})));
    EXPECT_TRUE(again.records.empty());
    EXPECT_EQ(
        std::get<AlterPartition::Reply>(again.reply).topics.at(0).partitions.at(0).partition_epoch,
        PartitionEpoch(2));
}

TEST_F(Proposals, AFencedReplicaComesBackAfterItIsUnfenced) {
    EXPECT_EQ(cluster.propose("t", ids({1, 2, 3, 4})), ErrorCode::INELIGIBLE_REPLICA);
    cluster.beat(4);
    EXPECT_EQ(cluster.propose("t", ids({1, 2, 3, 4})), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").isr, ids({1, 2, 3, 4}));
}

TEST_F(Proposals, APartitionNamedTwiceIsChangedOnce) {
    auto request = cluster.proposal("t", ids({1, 2}));
    request.topics[0].partitions.push_back(request.topics[0].partitions[0]);
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.topics.at(0).partitions.size(), 2U);
    EXPECT_EQ(reply.topics[0].partitions[0].error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.topics[0].partitions[1].error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(cluster.partition("t").partition_epoch, PartitionEpoch(2));
}

}  // namespace
}  // namespace milena::metadata
