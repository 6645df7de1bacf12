// ElectLeaders on request, and the sweeps that elect from time to time. Codes as Kafka 4.2 answers.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

class Elections : public ::testing::Test {
  protected:
    Elections() {
        for (const int id : {1, 2, 3}) cluster.add_broker(id);
        cluster.create_on("good", ids({1, 2}));
        cluster.create_on("moved", ids({3, 2}));
        cluster.create_on("dead", ids({3}));
        cluster.create_on("behind", ids({3, 1}));
        cluster.propose("behind", ids({3}));
        cluster.kill(3);
    }
    ErrorCode elect(ElectionType type, const std::string& topic, std::int32_t index = 0) {
        ElectLeaders request;
        request.type = type;
        request.topics = {{topic, {PartitionIndex(index)}}};
        return cluster.ask(request).topics.at(0).partitions.at(0).error.code;
    }
    TestCluster cluster;
};

TEST_F(Elections, AreAnsweredAsKafkaAnswersThem) {
    struct Row {
        const char* what;
        ElectionType type;
        const char* topic;
        std::int32_t index;
        ErrorCode expected;
    };
    const auto preferred = ElectionType::preferred;
    const auto unclean = ElectionType::unclean;
    const Row rows[] = {
        {"no topic", preferred, "nope", 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"no partition", preferred, "good", 1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"negative", preferred, "good", -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"leads already", preferred, "good", 0, ErrorCode::ELECTION_NOT_NEEDED},
        {"has a leader", unclean, "good", 0, ErrorCode::ELECTION_NOT_NEEDED},
        {"preferred is dead", preferred, "moved", 0, ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE},
        {"leader of another kind", unclean, "moved", 0, ErrorCode::ELECTION_NOT_NEEDED},
        {"everybody is dead", unclean, "dead", 0, ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE},
        {"preferred of none", preferred, "dead", 0, ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE},
        {"who is behind", unclean, "behind", 0, ErrorCode::NONE},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(error_name(elect(row.type, row.topic, row.index)), error_name(row.expected))
            << row.what;
    }
    EXPECT_EQ(cluster.partition("behind").leader, BrokerId(1));
    EXPECT_EQ(cluster.partition("behind").leader_recovery_state, LeaderRecoveryState::recovering);
}

TEST_F(Elections, AnUnknownTypeIsRefused) {
    ElectLeaders request;
    request.type = static_cast<ElectionType>(2);
    EXPECT_EQ(cluster.ask(request).error.code, ErrorCode::INVALID_REQUEST);
}

TEST_F(Elections, OfAllPartitionsNameOnlyThoseThatNeededOne) {
    cluster.beat(3);
    cluster.propose("moved", ids({2, 3}));
    ElectLeaders request;
    const auto reply = cluster.ask(request);
    std::map<std::string, std::vector<ErrorCode>> answers;
    for (const auto& topic : reply.topics) {
        for (const auto& partition : topic.partitions) {
            answers[topic.name].push_back(partition.error.code);
        }
    }
    EXPECT_EQ(answers,
              (std::map<std::string, std::vector<ErrorCode>>{{"moved", {ErrorCode::NONE}}}));
    EXPECT_EQ(cluster.partition("moved").leader, BrokerId(3));
    EXPECT_EQ(cluster.partition("moved").leader_epoch, LeaderEpoch(2));
}

TEST_F(Elections, BalancingGivesLeadershipBack) {
    EXPECT_EQ(cluster.ask(BalanceLeaders{}).elections, 0U);
    cluster.beat(3);
    EXPECT_EQ(cluster.partition("moved").leader, BrokerId(2));
    EXPECT_EQ(cluster.ask(BalanceLeaders{}).elections, 0U);
    cluster.propose("moved", ids({2, 3}));
    const auto reply = cluster.ask(BalanceLeaders{});
    EXPECT_EQ(reply.elections, 1U);
    EXPECT_FALSE(reply.has_more);
    EXPECT_EQ(cluster.partition("moved").leader, BrokerId(3));
}

TEST_F(Elections, BalancingStopsAtItsBound) {
    CreateTopics::Topic topic{.name = "many"};
    for (int i = 0; i < 1200; ++i) {
        topic.assignments.push_back({PartitionIndex(i), ids({2, 1})});
    }
    CreateTopics request;
    request.topics = {topic};
    cluster.ask(request);
    cluster.kill(2);
    cluster.beat(2);
    AlterPartition grow = cluster.proposal("many", ids({1, 2}));
    for (std::size_t i = 1; i < 1200; ++i) {
        grow.topics[0].partitions.push_back(
            cluster.proposal("many", ids({1, 2}), i).topics[0].partitions[0]);
    }
    cluster.ask(grow);
    auto reply = cluster.ask(BalanceLeaders{});
    EXPECT_EQ(reply.elections, 1000U);
    EXPECT_TRUE(reply.has_more);
    reply = cluster.ask(BalanceLeaders{});
    EXPECT_EQ(reply.elections, 200U);
    EXPECT_FALSE(reply.has_more);
}

TEST_F(Elections, MissingLeadersAreFoundWhereTheTopicAllowsIt) {
    EXPECT_EQ(cluster.ask(ElectMissingLeaders{}).elections, 0U);
    cluster.set(ResourceType::broker, "", "unclean.leader.election.enable", "true");
    cluster.set(ResourceType::topic, "behind", "unclean.leader.election.enable", "false");
    EXPECT_EQ(cluster.ask(ElectMissingLeaders{}).elections, 0U);
    cluster.set(ResourceType::topic, "behind", "unclean.leader.election.enable", "true");
    EXPECT_EQ(cluster.ask(ElectMissingLeaders{}).elections, 1U);
    EXPECT_EQ(cluster.partition("behind").leader, BrokerId(1));
    EXPECT_EQ(cluster.partition("dead").leader, kNoBroker);
}

}  // namespace
}  // namespace milena::metadata
