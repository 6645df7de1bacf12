#include "broker/replica/directory_assignments.h"

#include "protocol/base/logger.h"
#include "tests/unit/broker/support/manual_executor.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

const TopicId kTopic(Uuid{1, 1});
const TopicId kOther(Uuid{1, 2});
const DirectoryId kFirst(Uuid{2, 1});
const DirectoryId kSecond(Uuid{2, 2});

fetcher::PartitionKey key(TopicId topic, int index) {
    return {topic, PartitionIndex(index)};
}

struct DirectoryAssignmentsTest : testing::Test {
    DirectoryAssignmentsTest() {
        set_log_level(LogLevel::off);
        subject.set_broker_epoch(BrokerEpoch(9));
    }

    void answer(ErrorCode error) {
        metadata::AssignReplicasToDirs::Reply reply{{error, {}}, {}};
        std::exchange(answered, {})(std::move(reply));
    }

    ManualExecutor executor;
    std::vector<metadata::AssignReplicasToDirs> requests;
    DirectoryAssignments::Answered answered;
    DirectoryAssignments subject{BrokerId(3), executor,
                                 [this](metadata::AssignReplicasToDirs request, net::Executor&,
                                        DirectoryAssignments::Answered done) {
                                     requests.push_back(std::move(request));
                                     answered = std::move(done);
                                 }};
};

TEST_F(DirectoryAssignmentsTest, WhatComesTogetherSharesOneRequest) {
    subject.assign(key(kTopic, 0), kFirst);
    subject.assign(key(kTopic, 1), kSecond);
    subject.assign(key(kTopic, 2), kFirst);
    subject.assign(key(kOther, 0), kFirst);
    subject.assign(key(kTopic, 1), kFirst);
    EXPECT_TRUE(requests.empty());
    executor.advance(Millis(10));
    ASSERT_EQ(requests.size(), 1U);
    const auto& request = requests[0];
    EXPECT_EQ(request.broker, BrokerId(3));
    EXPECT_EQ(request.broker_epoch, BrokerEpoch(9));
    ASSERT_EQ(request.directories.size(), 1U) << "the last word counts";
    EXPECT_EQ(request.directories[0].id, kFirst);
    ASSERT_EQ(request.directories[0].topics.size(), 2U);
    EXPECT_EQ(request.directories[0].topics[0].id, kTopic);
    EXPECT_EQ(request.directories[0].topics[0].partitions.size(), 3U);

    answer(ErrorCode::NONE);
    executor.advance(Millis(60'000));
    EXPECT_EQ(requests.size(), 1U);
    EXPECT_EQ(executor.timers(), 0U);
}

TEST_F(DirectoryAssignmentsTest, WhatTheControllerDidNotTakeIsSaidAgain) {
    subject.assign(key(kTopic, 0), kFirst);
    subject.assign(key(kTopic, 1), kFirst);
    executor.advance(Millis(10));
    subject.assign(key(kTopic, 1), kSecond);
    executor.advance(Millis(60'000));
    EXPECT_EQ(requests.size(), 1U) << "one at a time";
    answer(ErrorCode::NOT_CONTROLLER);
    executor.advance(Millis(499));
    EXPECT_EQ(requests.size(), 1U);
    executor.advance(Millis(1));
    ASSERT_EQ(requests.size(), 2U);
    ASSERT_EQ(requests[1].directories.size(), 2U);
    EXPECT_EQ(requests[1].directories[1].id, kSecond);
    EXPECT_EQ(requests[1].directories[1].topics.at(0).partitions.at(0), PartitionIndex(1));
}

TEST_F(DirectoryAssignmentsTest, AfterTheEndNothingIsSaid) {
    subject.assign(key(kTopic, 0), kFirst);
    executor.advance(Millis(10));
    subject.stop();
    answer(ErrorCode::NOT_CONTROLLER);
    subject.assign(key(kTopic, 1), kFirst);
    executor.advance(Millis(60'000));
    EXPECT_EQ(requests.size(), 1U);
}

}  // namespace
}  // namespace milena::replica
