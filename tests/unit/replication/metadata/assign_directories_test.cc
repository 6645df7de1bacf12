// AssignReplicasToDirs: errors as Kafka 4.2's, and replicas that turn up in failed directories.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

class Directories : public ::testing::Test {
  protected:
    Directories() {
        for (const int id : {1, 2}) cluster.add_broker(id);
        auto request = cluster.registration(3);
        first = request.log_dirs[0];
        second = DirectoryId(cluster.random().uuid());
        request.log_dirs.push_back(second);
        epoch = cluster.ask(request).epoch;
        cluster.ask(cluster.heartbeat(3, epoch));
        t = cluster.create_on("t", ids({3, 1}));
        other = cluster.create_on("other", ids({1, 2}));
    }
    AssignReplicasToDirs::Reply assign(DirectoryId directory, TopicId topic,
                                       std::int32_t index = 0) {
        AssignReplicasToDirs request;
        request.broker = BrokerId(3);
        request.broker_epoch = epoch;
        request.directories = {{directory, {{topic, {PartitionIndex(index)}}}}};
        return cluster.ask(request);
    }
    TestCluster cluster;
    DirectoryId first, second;
    BrokerEpoch epoch{-1};
    TopicId t, other;
};

TEST_F(Directories, OfANewReplicaAreUnknownUntilItsBrokerTells) {
    EXPECT_TRUE(cluster.partition("t").directories[0].value().is_reserved());
    EXPECT_EQ(assign(second, t).partitions.at(0).at(0).at(0), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").directories[0], second);
    EXPECT_EQ(cluster.partition("t").leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(cluster.partition("t").partition_epoch, PartitionEpoch(1));
    assign(second, t);
    EXPECT_EQ(cluster.partition("t").partition_epoch, PartitionEpoch(1));
}

TEST_F(Directories, AreRefusedWhereThereIsNoSuchReplica) {
    const auto error = [&](TopicId topic, std::int32_t index) {
        return assign(first, topic, index).partitions.at(0).at(0).at(0);
    };
    EXPECT_EQ(error(TopicId(Uuid{9, 9}), 0), ErrorCode::UNKNOWN_TOPIC_ID);
    EXPECT_EQ(error(t, 1), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    EXPECT_EQ(error(t, -1), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    EXPECT_EQ(error(other, 0), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    epoch = BrokerEpoch(0);
    EXPECT_EQ(assign(first, t).error.code, ErrorCode::STALE_BROKER_EPOCH);
}

TEST_F(Directories, ThatTheBrokerDidNotRegisterHaveFailed) {
    EXPECT_EQ(cluster.partition("t").leader, BrokerId(3));
    const DirectoryId failed(Uuid{8, 800});
    EXPECT_EQ(assign(failed, t).partitions.at(0).at(0).at(0), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").directories[0], failed);
    EXPECT_EQ(cluster.partition("t").leader, BrokerId(1));
    EXPECT_EQ(cluster.partition("t").isr, ids({1}));
}

}  // namespace
}  // namespace milena::metadata
