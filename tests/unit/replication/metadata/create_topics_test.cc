#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

using Topic = CreateTopics::Topic;

Topic named(std::string name, std::int32_t partitions = 1, std::int16_t factor = 1) {
    return {.name = std::move(name), .partitions = partitions, .replication_factor = factor};
}
Topic assigned(std::vector<CreateTopics::Assignment> assignments) {
    return {.name = "new", .assignments = std::move(assignments)};
}
Topic with(std::vector<CreateTopics::Setting> settings) {
    Topic topic = named("new");
    topic.settings = std::move(settings);
    return topic;
}
CreateTopics::Assignment at(std::int32_t index, std::vector<BrokerId> brokers) {
    return {PartitionIndex(index), std::move(brokers)};
}

constexpr BrokerId k1{1};
constexpr BrokerId k2{2};
constexpr BrokerId k7{7};

// Codes as Kafka 4.2.0 answers them, asked on a node with one broker.
TEST(CreateTopics, EveryTopicIsCheckedInKafkasOrder) {
    struct Row {
        const char* what;
        Topic topic;
        ErrorCode expected;
    };
    const Row rows[] = {
        {"fine", named("new", 3), ErrorCode::NONE},
        {"defaults", named("new", -1, -1), ErrorCode::NONE},
        {"exists", named("old.topic"), ErrorCode::TOPIC_ALREADY_EXISTS},
        {"exists, and no partitions", named("old.topic", 0), ErrorCode::TOPIC_ALREADY_EXISTS},
        {"differs only in _", named("old_topic"), ErrorCode::INVALID_TOPIC_EXCEPTION},
        {"empty name", named(""), ErrorCode::INVALID_TOPIC_EXCEPTION},
        {"dot", named("."), ErrorCode::INVALID_TOPIC_EXCEPTION},
        {"two dots", named(".."), ErrorCode::INVALID_TOPIC_EXCEPTION},
        {"space", named("bad name"), ErrorCode::INVALID_TOPIC_EXCEPTION},
        {"249", named(std::string(249, 'x')), ErrorCode::NONE},
        {"250", named(std::string(250, 'x')), ErrorCode::INVALID_TOPIC_EXCEPTION},
        {"metadata log", named("__cluster_metadata"), ErrorCode::INVALID_REQUEST},
        {"internal", named("__consumer_offsets"), ErrorCode::NONE},
        {"0 partitions", named("new", 0), ErrorCode::INVALID_PARTITIONS},
        {"-2 partitions", named("new", -2), ErrorCode::INVALID_PARTITIONS},
        {"factor 0", named("new", 1, 0), ErrorCode::INVALID_REPLICATION_FACTOR},
        {"factor -2", named("new", 1, -2), ErrorCode::INVALID_REPLICATION_FACTOR},
        {"factor 2 of 1", named("new", 1, 2), ErrorCode::INVALID_REPLICATION_FACTOR},
        {"both wrong", named("new", 0, 0), ErrorCode::INVALID_REPLICATION_FACTOR},
        {"assigned", assigned({at(1, {k1}), at(0, {k1})}), ErrorCode::NONE},
        {"gap", assigned({at(0, {k1}), at(2, {k1})}), ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"from 1", assigned({at(1, {k1})}), ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"below 0", assigned({at(-1, {k1})}), ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"index twice", assigned({at(0, {k1}), at(0, {k1})}),
         ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"nobody", assigned({at(0, {})}), ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"broker twice", assigned({at(0, {k1, k1})}), ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"unknown broker", assigned({at(0, {k7})}), ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"setting", with({{"retention.ms", "1"}}), ErrorCode::NONE},
        {"unknown setting", with({{"nope", "1"}}), ErrorCode::INVALID_CONFIG},
        {"bad value", with({{"retention.ms", "abc"}}), ErrorCode::INVALID_CONFIG},
        {"null value", with({{"retention.ms", std::nullopt}}), ErrorCode::INVALID_CONFIG},
    };
    for (const auto& row : rows) {
        TestCluster cluster;
        cluster.add_broker(1);
        cluster.create("old.topic");
        CreateTopics request;
        request.topics = {row.topic};
        const auto before = cluster.log().size();
        const auto reply = cluster.ask(request);
        ASSERT_EQ(reply.topics.size(), 1U) << row.what;
        EXPECT_EQ(reply.topics[0].name, row.topic.name);
        EXPECT_EQ(error_name(reply.topics[0].error.code), error_name(row.expected))
            << row.what << ": " << reply.topics[0].error.detail;
        const bool created = row.expected == ErrorCode::NONE;
        EXPECT_EQ(cluster.log().size(), before + (created ? 1 : 0)) << row.what;
        EXPECT_EQ(cluster.image().topics_by_id.size(), created ? 2U : 1U) << row.what;
        EXPECT_EQ(reply.topics[0].error.detail.empty(), created) << row.what;
    }
}

TEST(CreateTopics, SettingsAreCheckedBeforePartitions) {
    TestCluster cluster;
    cluster.add_broker(1);
    Topic topic = with({{"nope", "1"}});
    topic.partitions = 0;
    CreateTopics request;
    request.topics = {topic};
    EXPECT_EQ(cluster.ask(request).topics[0].error.code, ErrorCode::INVALID_CONFIG);
}

TEST(CreateTopics, AManualAssignmentLeavesNoRoomForNumbers) {
    TestCluster cluster;
    cluster.add_broker(1);
    for (const auto& [partitions, factor] : {std::pair{1, -1}, {-1, 1}}) {
        Topic topic = assigned({at(0, {k1})});
        topic.partitions = partitions;
        topic.replication_factor = static_cast<std::int16_t>(factor);
        CreateTopics request;
        request.topics = {topic};
        EXPECT_EQ(cluster.ask(request).topics[0].error.code, ErrorCode::INVALID_REQUEST);
    }
}

TEST(CreateTopics, AllPartitionsOfAnAssignmentHaveAsManyReplicas) {
    TestCluster cluster;
    cluster.add_broker(1);
    cluster.add_broker(2);
    CreateTopics request;
    request.topics = {assigned({at(0, {k1}), at(1, {k1, k2})})};
    EXPECT_EQ(cluster.ask(request).topics[0].error.code, ErrorCode::INVALID_REPLICA_ASSIGNMENT);
}

TEST(CreateTopics, ATopicIsCreatedWithItsSettingsAndLeaders) {
    TestCluster cluster;
    cluster.add_broker(1);
    cluster.add_broker(2);
    CreateTopics request;
    request.topics = {assigned({at(0, {k2, k1}), at(1, {k1, k2})})};
    request.topics[0].settings = {{"retention.ms", "1"}, {"retention.ms", "2"}};
    const auto reply = cluster.ask(request).topics.at(0);
    EXPECT_EQ(reply.partitions, 2);
    EXPECT_EQ(reply.replication_factor, 2);
    const TopicImage* topic = cluster.image().topic("new");
    ASSERT_NE(topic, nullptr);
    EXPECT_EQ(topic->id, reply.id);
    EXPECT_EQ(cluster.image().topic(reply.id), topic);
    const auto& partition = *topic->partitions[0];
    EXPECT_EQ(partition.replicas, (std::vector{k2, k1}));
    EXPECT_EQ(partition.isr, (std::vector{k2, k1}));
    EXPECT_EQ(partition.leader, k2);
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(partition.partition_epoch, PartitionEpoch(0));
    EXPECT_EQ(partition.directories, (std::vector{cluster.image().broker(k2)->log_dirs[0],
                                                  cluster.image().broker(k1)->log_dirs[0]}));
    EXPECT_EQ(cluster.image().config(ResourceType::topic, "new"),
              (ConfigMap{{"retention.ms", "2"}}));
}

TEST(CreateTopics, AFencedBrokerGetsReplicasButNeitherLeadsNorIsInSync) {
    TestCluster cluster;
    cluster.add_broker(1);
    cluster.add_broker(2, false);
    ASSERT_EQ(cluster.create("old", 4, 2).error.code, ErrorCode::NONE);
    for (const auto& partition : cluster.image().topic("old")->partitions) {
        EXPECT_EQ(partition->replicas.size(), 2U);
        EXPECT_EQ(partition->isr, (std::vector{k1}));
        EXPECT_EQ(partition->leader, k1);
    }
    CreateTopics request;
    request.topics = {assigned({at(0, {k2})})};
    EXPECT_EQ(cluster.ask(request).topics[0].error.code, ErrorCode::INVALID_REPLICA_ASSIGNMENT);
}

TEST(CreateTopics, WithoutAnActiveBrokerNothingCanBeCreated) {
    TestCluster cluster;
    EXPECT_EQ(cluster.create("new").error.code, ErrorCode::INVALID_REPLICATION_FACTOR);
    cluster.add_broker(1, false);
    EXPECT_EQ(cluster.create("new").error.code, ErrorCode::INVALID_REPLICATION_FACTOR);
}

TEST(CreateTopics, ValidateOnlyAnswersTheSameAndWritesNothing) {
    TestCluster cluster;
    cluster.add_broker(1);
    CreateTopics request;
    request.validate_only = true;
    request.topics = {named("a", 3), named("b", 0)};
    const auto decision = cluster.decide(request);
    EXPECT_TRUE(decision.records.empty());
    const auto& reply = std::get<CreateTopics::Reply>(decision.reply);
    EXPECT_EQ(reply.topics[0].error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.topics[0].partitions, 3);
    EXPECT_FALSE(reply.topics[0].id.value().is_zero());
    EXPECT_EQ(reply.topics[1].error.code, ErrorCode::INVALID_PARTITIONS);
}

TEST(CreateTopics, ANameThatStandsTwiceIsRefusedOnceAndTheOthersAreCreated) {
    TestCluster cluster;
    cluster.add_broker(1);
    CreateTopics request;
    request.topics = {named("twice"), named("once"), named("twice")};
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.topics.size(), 2U);
    for (const auto& topic : reply.topics) {
        EXPECT_EQ(topic.error.code,
                  topic.name == "twice" ? ErrorCode::INVALID_REQUEST : ErrorCode::NONE);
    }
    EXPECT_EQ(cluster.image().topic("twice"), nullptr);
    EXPECT_NE(cluster.image().topic("once"), nullptr);
}

// As in Kafka: the names of one request are not compared with each other.
TEST(CreateTopics, CollidingNamesOfOneRequestLiveAndDieEachForItself) {
    TestCluster cluster;
    cluster.add_broker(1);
    CreateTopics request;
    request.topics = {named("a.b"), named("a_b")};
    for (const auto& topic : cluster.ask(request).topics) {
        EXPECT_EQ(topic.error.code, ErrorCode::NONE);
    }
    for (const auto name : {"a.b", "a_b"}) {
        DeleteTopics remove;
        remove.topics = {{name, {}}};
        cluster.ask(remove);
        EXPECT_EQ(cluster.create("a.b", 0).error.code, name == std::string("a.b")
                                                           ? ErrorCode::INVALID_TOPIC_EXCEPTION
                                                           : ErrorCode::INVALID_PARTITIONS);
    }
}

TEST(CreateTopics, OneRequestCannotAskForMoreThanTenThousandRecords) {
    struct Row {
        std::vector<std::int32_t> partitions;
        ErrorCode expected;
    };
    // 10,000 partitions are 10,001 records with the topic's own.
    const Row rows[] = {{{9'999}, ErrorCode::NONE},
                        {{10'000}, ErrorCode::POLICY_VIOLATION},
                        {{10'001}, ErrorCode::POLICY_VIOLATION},
                        {{2'000'000'000, 2'000'000'000}, ErrorCode::POLICY_VIOLATION},
                        {{6'000, 6'000}, ErrorCode::POLICY_VIOLATION}};
    for (const auto& row : rows) {
        TestCluster cluster;
        cluster.add_broker(1);
        CreateTopics request;
        for (const auto count : row.partitions) {
            request.topics.push_back(named("t" + std::to_string(request.topics.size()), count));
        }
        const auto reply = cluster.ask(request);
        ASSERT_EQ(reply.topics.size(), row.partitions.size());
        for (const auto& topic : reply.topics) {
            EXPECT_EQ(error_name(topic.error.code), error_name(row.expected)) << topic.error.detail;
        }
        EXPECT_EQ(cluster.image().topics_by_id.empty(), row.expected != ErrorCode::NONE);
    }
}

TEST(CreateTopics, MoreBytesThanABatchOfTheQuorumHoldsAreRefused) {
    TestCluster cluster;
    cluster.add_broker(1);
    CreateTopics request;
    for (int i = 0; i < 300; ++i) {
        request.topics.push_back(named("t" + std::to_string(i)));
        request.topics.back().settings = {{"long", std::string(30'000, 'x')}};
    }
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.topics.size(), 300U);
    for (const auto& topic : reply.topics) {
        EXPECT_EQ(topic.error.code, ErrorCode::POLICY_VIOLATION);
    }
    EXPECT_TRUE(cluster.image().topics_by_id.empty());
}

}  // namespace
}  // namespace milena::metadata
