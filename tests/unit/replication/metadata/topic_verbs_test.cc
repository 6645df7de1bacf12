// DeleteTopics and CreatePartitions. Codes as Kafka 4.2.0 answers them.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

constexpr BrokerId k1{1};

DeleteTopics::Topic by_name(std::string name) {
    return {std::move(name), {}};
}
DeleteTopics::Topic by_id(TopicId id) {
    return {std::nullopt, id};
}

class TopicVerbs : public ::testing::Test {
  protected:
    TopicVerbs() {
        cluster.add_broker(1);
        a = cluster.create("a", 2).id;
        b = cluster.create("b", 3).id;
    }

    DeleteTopics::Reply remove(std::vector<DeleteTopics::Topic> topics) {
        DeleteTopics request;
        request.topics = std::move(topics);
        return cluster.ask(request);
    }
    ErrorCode grow(CreatePartitions::Topic topic) {
        CreatePartitions request;
        request.topics = {std::move(topic)};
        const auto reply = cluster.ask(request);
        EXPECT_EQ(reply.topics.size(), 1U);
        return reply.topics.at(0).error.code;
    }

    TestCluster cluster;
    TopicId a;
    TopicId b;
};

TEST_F(TopicVerbs, ATopicIsDeletedByNameOrById) {
    const auto reply = remove({by_name("a"), by_id(b)});
    ASSERT_EQ(reply.topics.size(), 2U);
    for (const auto& topic : reply.topics) EXPECT_EQ(topic.error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.topics[0].id, a);
    EXPECT_EQ(reply.topics[1].name, "b");
    EXPECT_TRUE(cluster.image().topics_by_id.empty());
    EXPECT_EQ(cluster.image().partition_count, 0U);
}

TEST_F(TopicVerbs, DeletionTakesTheSettingsAlong) {
    IncrementalAlterConfigs alter;
    alter.resources = {{{ResourceType::topic, "a"}, {{"retention.ms", ConfigOp::set, "1"}}}};
    cluster.ask(alter);
    ASSERT_EQ(cluster.image().configs.size(), 2U);  // with the cluster's min.insync.replicas
    remove({by_name("a")});
    EXPECT_EQ(cluster.image().configs.size(), 1U);
    cluster.create("a");
    EXPECT_TRUE(cluster.image().config(ResourceType::topic, "a").empty());
}

TEST_F(TopicVerbs, WhatCannotBeDeletedIsRefusedAndTheRestIsDeleted) {
    const TopicId unknown{Uuid{1, 2}};
    const auto reply =
        remove({by_name("nope"), by_id(unknown), {"b", b}, {std::nullopt, {}}, by_name("a")});
    ASSERT_EQ(reply.topics.size(), 5U);
    const ErrorCode expected[] = {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                                  ErrorCode::UNKNOWN_TOPIC_ID, ErrorCode::INVALID_REQUEST,
                                  ErrorCode::INVALID_REQUEST, ErrorCode::NONE};
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(error_name(reply.topics[i].error.code), error_name(expected[i])) << i;
    }
    EXPECT_EQ(cluster.image().topic("a"), nullptr);
    EXPECT_NE(cluster.image().topic("b"), nullptr);
}

TEST_F(TopicVerbs, ATopicAskedForTwiceIsAnsweredOnceAndStays) {
    const std::vector<std::vector<DeleteTopics::Topic>> requests = {
        {by_name("a"), by_name("a")},       {by_id(a), by_id(a)},
        {by_name("a"), by_id(a)},           {by_id(a), by_name("a")},
        {by_name("nope"), by_name("nope")},
    };
    for (const auto& topics : requests) {
        const auto reply = remove(topics);
        ASSERT_EQ(reply.topics.size(), 1U);
        EXPECT_EQ(reply.topics[0].error.code, ErrorCode::INVALID_REQUEST);
        EXPECT_NE(cluster.image().topic("a"), nullptr);
    }
}

TEST_F(TopicVerbs, PartitionsAreAddedBehindTheExistingOnes) {
    EXPECT_EQ(grow({"a", 5, std::nullopt}), ErrorCode::NONE);
    const TopicImage* topic = cluster.image().topic("a");
    ASSERT_EQ(topic->partitions.size(), 5U);
    for (const auto& partition : topic->partitions) EXPECT_EQ(partition->leader, k1);
    EXPECT_EQ(cluster.image().partition_count, 8U);
}

TEST_F(TopicVerbs, PartitionsCannotBeTakenAwayOrAssignedBadly) {
    using Lists = std::vector<std::vector<BrokerId>>;
    struct Row {
        const char* what;
        CreatePartitions::Topic topic;
        ErrorCode expected;
    };
    const Row rows[] = {
        {"equal", {"b", 3, std::nullopt}, ErrorCode::INVALID_PARTITIONS},
        {"fewer", {"b", 2, std::nullopt}, ErrorCode::INVALID_PARTITIONS},
        {"none", {"b", 0, std::nullopt}, ErrorCode::INVALID_PARTITIONS},
        {"negative", {"b", -1, std::nullopt}, ErrorCode::INVALID_PARTITIONS},
        {"unknown topic", {"nope", 3, std::nullopt}, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {"too few lists", {"b", 5, Lists{{k1}}}, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"too many lists", {"b", 4, Lists{{k1}, {k1}}}, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"no lists", {"b", 4, Lists{}}, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"twice", {"b", 4, Lists{{k1, k1}}}, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"unknown broker", {"b", 4, Lists{{BrokerId(7)}}}, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"empty list", {"b", 4, Lists{{}}}, ErrorCode::INVALID_REPLICA_ASSIGNMENT},
        {"too many", {"b", 2'000'000'000, std::nullopt}, ErrorCode::POLICY_VIOLATION},
        {"10,001 more", {"b", 10'004, std::nullopt}, ErrorCode::POLICY_VIOLATION},
        {"assigned", {"b", 4, Lists{{k1}}}, ErrorCode::NONE},
        {"10,000 more", {"b", 10'004, std::nullopt}, ErrorCode::NONE},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(error_name(grow(row.topic)), error_name(row.expected)) << row.what;
    }
    EXPECT_EQ(cluster.image().topic("b")->partitions.size(), 10'004U);
}

TEST_F(TopicVerbs, CreatePartitionsRefusesANameThatStandsTwice) {
    CreatePartitions request;
    request.topics = {{"a", 4, std::nullopt}, {"b", 4, std::nullopt}, {"a", 5, std::nullopt}};
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.topics.size(), 2U);
    EXPECT_EQ(reply.topics[0].name, "a");
    EXPECT_EQ(reply.topics[0].error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(reply.topics[1].error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().topic("a")->partitions.size(), 2U);
}

TEST_F(TopicVerbs, CreatePartitionsOnlyValidatesWhenAsked) {
    CreatePartitions request;
    request.validate_only = true;
    request.topics = {{"a", 4, std::nullopt}};
    EXPECT_EQ(cluster.ask(request).topics[0].error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().topic("a")->partitions.size(), 2U);
}

}  // namespace
}  // namespace milena::metadata
