#include "broker/coordinator/txn/transitions.h"
#include "tests/unit/broker/coordinator/txn/test_shard.h"

#include <gtest/gtest.h>

namespace milena::coordinator::txn {
namespace {

constexpr auto kId = "payments";
constexpr ProducerId kFirst{1000};

// One line per rule of KIP-360: what the coordinator knows, what the producer says, the answer.
struct Case {
    const char* name;
    std::int16_t known_epoch;
    std::int16_t known_last_epoch;
    std::int64_t expected_id;
    std::int16_t expected_epoch;
    ErrorCode error;
    std::int64_t id;
    std::int16_t epoch;
};

class InitProducerOfKnownId : public testing::TestWithParam<Case> {};

TEST_P(InitProducerOfKnownId, Answers) {
    const auto& c = GetParam();
    Transaction known;
    known.producer_id = ProducerId(7);
    known.previous_producer_id = ProducerId(6);
    known.producer_epoch = ProducerEpoch(c.known_epoch);
    known.soft.last_epoch = ProducerEpoch(c.known_last_epoch);
    known.status = Status::complete_commit;
    SeededRandom random(1);
    const Settings settings;
    const InitProducer request{kId, Millis(1000), ProducerId(c.expected_id),
                               ProducerEpoch(c.expected_epoch), ProducerId(99)};
    const auto result = step(&known, request, {settings, TimestampMs(5), random});
    EXPECT_EQ(result.reply.error, c.error);
    EXPECT_EQ(result.reply.producer_id, ProducerId(c.id));
    EXPECT_EQ(result.reply.producer_epoch, ProducerEpoch(c.epoch));
    EXPECT_EQ(result.next.has_value(), c.error == ErrorCode::NONE);
    if (result.next) {
        EXPECT_EQ(result.next->status, Status::empty);
        EXPECT_EQ(result.next->timeout, Millis(1000));
    }
}

INSTANTIATE_TEST_SUITE_P(
    , InitProducerOfKnownId,
    testing::Values(
        Case{"NewStartBumps", 3, 2, -1, -1, ErrorCode::NONE, 7, 4},
        Case{"SameEpochBumps", 3, -1, 7, 3, ErrorCode::NONE, 7, 4},
        Case{"RetryGetsTheSameAnswer", 4, 3, 7, 3, ErrorCode::NONE, 7, 4},
        Case{"OlderEpochIsFenced", 4, 3, 7, 2, ErrorCode::PRODUCER_FENCED, -1, -1},
        Case{"OtherProducerIsFenced", 4, 3, 5, 4, ErrorCode::PRODUCER_FENCED, -1, -1},
        Case{"LastEpochRotates", 32766, -1, -1, -1, ErrorCode::NONE, 99, 0},
        Case{"LastEpochRotatesWhoGoesOn", 32766, -1, 7, 32766, ErrorCode::NONE, 99, 0},
        Case{"RetryOfRotation", 0, 32766, 6, 32766, ErrorCode::NONE, 7, 0},
        Case{"PreviousIdWithAnEarlierEpoch", 0, 32766, 6, 3, ErrorCode::PRODUCER_FENCED, -1, -1},
        Case{"ExhaustedButAnOlderEpoch", 32766, 5, 7, 4, ErrorCode::PRODUCER_FENCED, -1, -1}),
    [](const auto& made) { return made.param.name; });

TEST(InitProducer, GivesANewIdItsFirstEpoch) {
    TestShard shard;
    const auto reply = shard.init(kId);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error, ErrorCode::NONE);
    EXPECT_EQ(reply->producer_id, kFirst);
    EXPECT_EQ(reply->producer_epoch, ProducerEpoch(0));
    EXPECT_EQ(shard.transaction(kId).status, Status::empty);
    EXPECT_EQ(shard.log.size(), 1U);
}

TEST(InitProducer, RefusesTimeoutsOutOfBounds) {
    TestShard shard;
    for (const auto timeout : {Millis(0), Millis(-1), Millis(900'001)}) {
        const auto reply = shard.init(kId, kNoProducerId, kNoProducerEpoch, timeout);
        EXPECT_EQ(reply->error, ErrorCode::INVALID_TRANSACTION_TIMEOUT) << timeout.count();
    }
    EXPECT_TRUE(shard.log.empty());
}

TEST(InitProducer, AbortsWhatItsPredecessorLeftAndAnswersWithTheEpochAfterTheMarkers) {
    TestShard shard;
    shard.init(kId);
    shard.add(kId, kFirst, 0, parts("t", {0, 1}));
    ASSERT_FALSE(shard.init(kId)) << "waits for the markers";
    const auto waiting = shard.last_reply();
    ASSERT_EQ(shard.orders.size(), 1U);
    EXPECT_EQ(shard.orders[0].result, EndResult::abort);
    EXPECT_EQ(shard.orders[0].producer_epoch, ProducerEpoch(1));
    EXPECT_EQ(shard.orders[0].partitions, parts("t", {0, 1}));

    shard.write_markers();
    const auto reply = shard.answer(waiting);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error, ErrorCode::NONE);
    EXPECT_EQ(reply->producer_epoch, ProducerEpoch(2));
    EXPECT_EQ(shard.add(kId, kFirst, 0, parts("t", {0}))->error, ErrorCode::PRODUCER_FENCED);
}

TEST(InitProducer, DoesNotWaitLongerThanItsSettingSays) {
    TestShard shard;
    shard.init(kId);
    shard.add(kId, kFirst, 0, parts("t", {0}));
    ASSERT_FALSE(shard.init(kId));
    const auto waiting = shard.last_reply();
    shard.pass(Millis(99));
    EXPECT_FALSE(shard.answer(waiting));
    shard.pass(Millis(1));
    ASSERT_TRUE(shard.answer(waiting));
    EXPECT_EQ(shard.answer(waiting)->error, ErrorCode::CONCURRENT_TRANSACTIONS);
}

}  // namespace
}  // namespace milena::coordinator::txn
