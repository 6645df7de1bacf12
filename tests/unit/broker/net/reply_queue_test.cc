#include "broker/net/reply_queue.h"

#include "tests/unit/broker/net/testing.h"

#include <deque>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using testing::reply_with;
using State = ReplyQueue::State;

TEST(ReplyQueue, CountsWhatIsPendingReadyAndBehind) {
    ReplyQueue replies;
    EXPECT_TRUE(replies.empty());
    EXPECT_EQ(replies.backlog(), 0U);
    const auto first = replies.open();
    const auto second = replies.open();
    const auto third = replies.open();
    EXPECT_EQ(first, 0U);
    EXPECT_EQ(third, 2U);
    EXPECT_EQ(replies.pending(), 3U);
    replies.complete(second, reply_with("22"));
    replies.complete(third, reply_with("333"));
    EXPECT_EQ(replies.pending(), 1U);
    EXPECT_EQ(replies.backlog(), 13U) << "both wait behind the first";
    replies.complete(first, reply_with("1"));
    EXPECT_EQ(replies.backlog(), 13U) << "the one to be sent next does not count";
    replies.pop();
    EXPECT_EQ(replies.backlog(), 7U);
    EXPECT_EQ(replies[0].frame.bytes, reply_with("22").bytes);
    EXPECT_TRUE(replies.has_unsent());
    replies.pop();
    replies.pop();
    EXPECT_FALSE(replies.has_unsent());
    EXPECT_TRUE(replies.empty());
}

TEST(ReplyQueue, EmptyFrameIsSilentAndCloseIsASlotOfItsOwn) {
    ReplyQueue replies;
    replies.open();
    replies.open();
    replies.complete(0, {});
    replies.close_at(1);
    EXPECT_EQ(replies[0].state, State::kSilent);
    EXPECT_EQ(replies[1].state, State::kClose);
    EXPECT_EQ(replies.pending(), 0U);
}

TEST(ReplyQueue, KeepsOrderWhileItGrowsAndWraps) {
    ReplyQueue replies;
    std::deque<std::string> expected;
    std::uint64_t answered = 0;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < round % 23; ++i) {
            expected.push_back(std::to_string(replies.open()));
        }
        while (replies.pending() > 0) {
            replies.complete(answered, reply_with(std::to_string(answered)));
            ++answered;
        }
        for (int i = 0; i < round % 17 && !expected.empty(); ++i) {
            ASSERT_EQ(replies[0].frame.bytes, reply_with(expected.front()).bytes);
            expected.pop_front();
            replies.pop();
        }
        ASSERT_EQ(replies.size(), expected.size());
    }
}

}  // namespace
}  // namespace milena::net
