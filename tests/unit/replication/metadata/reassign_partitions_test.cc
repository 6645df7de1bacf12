// AlterPartitionReassignments: start, progress, completion, cancellation. Codes as Kafka 4.2's.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

using Replicas = std::optional<std::vector<BrokerId>>;

class Reassignments : public ::testing::Test {
  protected:
    Reassignments() {
        for (const int id : {1, 2, 3, 4, 5}) cluster.add_broker(id);
        cluster.create_on("t", ids({1, 2}));
    }
    ErrorCode move(const std::string& topic, Replicas replicas, bool allow_factor_change = true,
                   std::int32_t index = 0) {
        AlterPartitionReassignments request;
        request.topics = {{topic, {{PartitionIndex(index), std::move(replicas)}}}};
        request.allow_replication_factor_change = allow_factor_change;
        return cluster.ask(request).topics.at(0).partitions.at(0).error.code;
    }
    TestCluster cluster;
};

TEST_F(Reassignments, ThatCannotBeDoneAreRefusedAsKafkaRefusesThem) {
    struct Row {
        const char* what;
        const char* topic;
        std::int32_t index;
        Replicas replicas;
        bool allow_factor_change;
        ErrorCode expected;
    };
    const Row rows[] = {
        {"no topic", "nope", 0, ids({1}), true, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"no partition", "t", 1, ids({1}), true, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"negative", "t", -1, ids({1}), true, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"nothing to cancel", "t", 0, std::nullopt, true, ErrorCode::NO_REASSIGNMENT_IN_PROGRESS},
        {"no replicas", "t", 0, ids({}), true, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"twice", "t", 0, ids({3, 3}), true, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"unknown broker", "t", 0, ids({1, 9}), true, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"another factor", "t", 0, ids({1, 2, 3}), false, ErrorCode::INVALID_REPLICATION_FACTOR},
        {"the same factor", "t", 0, ids({1, 3}), false, ErrorCode::NONE},
        {"the same factor while moving", "t", 0, ids({4, 5}), false, ErrorCode::NONE},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(error_name(move(row.topic, row.replicas, row.allow_factor_change, row.index)),
                  error_name(row.expected))
            << row.what;
    }
}

TEST_F(Reassignments, GoThroughAllReplicasToTheNewOnes) {
    ASSERT_EQ(move("t", ids({3, 4})), ErrorCode::NONE);
    const auto& moving = cluster.partition("t");
    EXPECT_EQ(moving.replicas, ids({3, 4, 1, 2}));
    EXPECT_EQ(moving.adding_replicas, ids({3, 4}));
    EXPECT_EQ(moving.removing_replicas, ids({1, 2}));
    EXPECT_EQ(moving.isr, ids({1, 2}));
    EXPECT_EQ(moving.leader, BrokerId(1));
    EXPECT_EQ(moving.leader_epoch, LeaderEpoch(0));
    ASSERT_EQ(moving.directories.size(), 4U);
    EXPECT_EQ(moving.directories[0], cluster.image().broker(BrokerId(3))->log_dirs[0]);

    EXPECT_EQ(cluster.propose("t", ids({1, 2, 3})), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").removing_replicas, ids({1, 2}));
    // Complete: the leader loses its office with its replica.
    EXPECT_EQ(cluster.propose("t", ids({1, 2, 3, 4})), ErrorCode::NEW_LEADER_ELECTED);
    const auto& done = cluster.partition("t");
    EXPECT_EQ(done.replicas, ids({3, 4}));
    EXPECT_EQ(done.isr, ids({3, 4}));
    EXPECT_EQ(done.leader, BrokerId(3));
    EXPECT_EQ(done.leader_epoch, LeaderEpoch(1));
    EXPECT_TRUE(done.adding_replicas.empty());
    EXPECT_TRUE(done.removing_replicas.empty());
    EXPECT_EQ(done.directories.size(), 2U);
}

TEST_F(Reassignments, ThatOnlyReorderOrTakeAwayAreDoneAtOnce) {
    ASSERT_EQ(move("t", ids({2, 1})), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").replicas, ids({2, 1}));
    EXPECT_EQ(cluster.partition("t").leader, BrokerId(1));
    ASSERT_EQ(move("t", ids({2})), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").replicas, ids({2}));
    EXPECT_EQ(cluster.partition("t").isr, ids({2}));
    EXPECT_EQ(cluster.partition("t").leader, BrokerId(2));
    EXPECT_TRUE(cluster.partition("t").removing_replicas.empty());
}

TEST_F(Reassignments, GrowTheReplicationFactorWithoutALeaderEpoch) {
    ASSERT_EQ(move("t", ids({1, 2, 5})), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").adding_replicas, ids({5}));
    EXPECT_EQ(cluster.propose("t", ids({1, 2, 5})), ErrorCode::NONE);
    EXPECT_TRUE(cluster.partition("t").adding_replicas.empty());
    EXPECT_EQ(cluster.partition("t").leader_epoch, LeaderEpoch(0));
}

TEST_F(Reassignments, ALaterOneReplacesTheOneUnderWay) {
    ASSERT_EQ(move("t", ids({3, 4})), ErrorCode::NONE);
    ASSERT_EQ(move("t", ids({1, 5})), ErrorCode::NONE);
    const auto& moving = cluster.partition("t");
    EXPECT_EQ(moving.replicas, ids({1, 5, 2, 3, 4}));
    EXPECT_EQ(moving.adding_replicas, ids({5}));
    EXPECT_EQ(moving.removing_replicas, ids({2, 3, 4}));
    // Back to all that are there now: nothing is left to be moved.
    ASSERT_EQ(move("t", ids({1, 2, 3, 4, 5})), ErrorCode::NONE);
    EXPECT_TRUE(cluster.partition("t").removing_replicas.empty());
}

TEST_F(Reassignments, ACancelledOneLeavesWhatWasBefore) {
    ASSERT_EQ(move("t", ids({3, 4})), ErrorCode::NONE);
    cluster.propose("t", ids({1, 2, 3}));
    ASSERT_EQ(move("t", std::nullopt), ErrorCode::NONE);
    const auto& back = cluster.partition("t");
    EXPECT_EQ(back.replicas, ids({1, 2}));
    EXPECT_EQ(back.isr, ids({1, 2}));
    EXPECT_EQ(back.leader, BrokerId(1));
    EXPECT_EQ(back.directories.size(), 2U);
    EXPECT_TRUE(back.adding_replicas.empty());
    EXPECT_EQ(move("t", std::nullopt), ErrorCode::NO_REASSIGNMENT_IN_PROGRESS);
}

TEST_F(Reassignments, ACancellationThatLosesRecordsNeedsUncleanElections) {
    ASSERT_EQ(move("t", ids({3, 4})), ErrorCode::NONE);
    cluster.propose("t", ids({1, 2, 3}));
    cluster.kill(1);
    cluster.kill(2);
    ASSERT_EQ(cluster.partition("t").isr, ids({3}));
    EXPECT_EQ(move("t", std::nullopt), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
    cluster.set(ResourceType::topic, "t", "unclean.leader.election.enable", "true");
    EXPECT_EQ(move("t", std::nullopt), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").replicas, ids({1, 2}));
    EXPECT_EQ(cluster.partition("t").leader, kNoBroker);
}

TEST_F(Reassignments, GoOnWhenTheLeaderDies) {
    ASSERT_EQ(move("t", ids({3, 4})), ErrorCode::NONE);
    cluster.kill(1);
    EXPECT_EQ(cluster.partition("t").leader, BrokerId(2));
    EXPECT_EQ(cluster.propose("t", ids({2, 3, 4})), ErrorCode::NEW_LEADER_ELECTED);
    EXPECT_EQ(cluster.partition("t").replicas, ids({3, 4}));
}

TEST_F(Reassignments, APartitionNamedTwiceIsMovedOnce) {
    AlterPartitionReassignments request;
    request.topics = {{"t", {{PartitionIndex(0), ids({3})}, {PartitionIndex(0), ids({4})}}}};
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.topics.at(0).partitions.size(), 2U);
    EXPECT_EQ(reply.topics[0].partitions[0].error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.topics[0].partitions[1].error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(cluster.partition("t").adding_replicas, ids({3}));
}

}  // namespace
}  // namespace milena::metadata
