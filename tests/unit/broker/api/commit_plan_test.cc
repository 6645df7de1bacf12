#include "broker/api/commit_plan.h"

#include "protocol/msg/offset_commit.h"

#include <gtest/gtest.h>

namespace milena::api {
namespace {

using Response = msg::OffsetCommitResponse;
using Partition = msg::OffsetCommitRequest::OffsetCommitRequestPartition;

metadata::TopicImage topic_of(int partitions) {
    metadata::TopicImage topic;
    topic.name = "known";
    for (int i = 0; i < partitions; ++i) {
        topic.partitions.push_back(std::make_shared<metadata::PartitionImage>());
    }
    return topic;
}

Partition partition(int index) {
    Partition asked;
    asked.partition_index = PartitionIndex(index);
    asked.committed_offset = Offset(100 + index);
    return asked;
}

// The errors of all partitions, topic by topic.
std::vector<std::vector<ErrorCode>> errors_of(const CommitPlan& plan) {
    Arena arena;
    Response response;
    plan.fill(arena, response);
    std::vector<std::vector<ErrorCode>> all;
    for (const auto& topic : response.topics) {
        auto& errors = all.emplace_back();
        for (const auto& answered : topic.partitions) errors.push_back(answered.error_code);
    }
    return all;
}

struct CommitPlanTest : testing::Test {
    void SetUp() override {
        plan.begin_topic("gone", TopicId{}, nullptr, ErrorCode::UNKNOWN_TOPIC_ID);
        plan.add(partition(0));
        plan.begin_topic("known", TopicId{}, &topic, ErrorCode::UNKNOWN_TOPIC_ID);
        plan.add(partition(1));
        plan.add(partition(2));
        plan.add(partition(-1));
        plan.add(partition(0));
    }
    metadata::TopicImage topic = topic_of(2);
    CommitPlan plan;
};

TEST_F(CommitPlanTest, AsksOnlyForPartitionsThatExist) {
    const auto asked = plan.take_asked();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].name, "known");
    ASSERT_EQ(asked[0].partitions.size(), 2U);
    EXPECT_EQ(asked[0].partitions[0].index, PartitionIndex(1));
    EXPECT_EQ(asked[0].partitions[1].index, PartitionIndex(0));
    EXPECT_EQ(asked[0].partitions[1].offset, Offset(100));
}

TEST_F(CommitPlanTest, PutsAnswersWhereTheQuestionsStood) {
    CommitPlan::Answer answer;
    answer.topics.push_back({"known",
                             TopicId{},
                             {{PartitionIndex(1), ErrorCode::NONE},
                              {PartitionIndex(0), ErrorCode::OFFSET_METADATA_TOO_LARGE}}});
    plan.merge(answer);
    const std::vector<std::vector<ErrorCode>> expected = {
        {ErrorCode::UNKNOWN_TOPIC_ID},
        {ErrorCode::NONE, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
         ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorCode::OFFSET_METADATA_TOO_LARGE}};
    EXPECT_EQ(errors_of(plan), expected);
}

TEST_F(CommitPlanTest, TheErrorOfTheGroupIsThatOfEveryPartitionAskedFor) {
    CommitPlan::Answer answer;
    answer.error = {ErrorCode::ILLEGAL_GENERATION, "old"};
    plan.merge(answer);
    const std::vector<std::vector<ErrorCode>> expected = {
        {ErrorCode::UNKNOWN_TOPIC_ID},
        {ErrorCode::ILLEGAL_GENERATION, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
         ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorCode::ILLEGAL_GENERATION}};
    EXPECT_EQ(errors_of(plan), expected);
}

TEST(CommitPlan, WithoutAnyPartitionThatExistsNobodyIsAsked) {
    CommitPlan plan;
    plan.begin_topic("gone", TopicId{}, nullptr, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    plan.add(partition(0));
    EXPECT_TRUE(plan.asks_nothing());
    EXPECT_EQ(errors_of(plan)[0][0], ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

}  // namespace
}  // namespace milena::api
