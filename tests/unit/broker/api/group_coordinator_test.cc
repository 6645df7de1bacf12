#include "broker/api/group_coordinator.h"

#include <gtest/gtest.h>

namespace milena::api {
namespace {

TEST(Gathering, HandsOverAllAnswersInTheOrderOfTheQuestions) {
    std::vector<int> got;
    int times = 0;
    auto gathering = std::make_shared<Gathering<int>>(3, [&](std::vector<int> answers) {
        got = std::move(answers);
        ++times;
    });
    auto first = gathering->slot(0);
    auto second = gathering->slot(1);
    auto third = gathering->slot(2);
    gathering.reset();
    third(30);
    first(10);
    EXPECT_EQ(times, 0) << "one is missing";
    second(20);
    EXPECT_EQ(times, 1);
    EXPECT_EQ(got, (std::vector{10, 20, 30}));
}

TEST(Unpack, ARefusalOfTheHostIsTheErrorOfTheReply) {
    const auto refused = unpack<group::Heartbeat>(fail(ErrorCode::NOT_COORDINATOR, "moved"));
    EXPECT_EQ(refused.error.code, ErrorCode::NOT_COORDINATOR);
    group::Heartbeat::Reply answer;
    answer.error.code = ErrorCode::ILLEGAL_GENERATION;
    EXPECT_EQ(unpack<group::Heartbeat>(group::Reply(answer)).error.code,
              ErrorCode::ILLEGAL_GENERATION);
}

}  // namespace
}  // namespace milena::api
