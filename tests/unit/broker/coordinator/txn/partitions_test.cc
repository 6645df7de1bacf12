#include "broker/coordinator/txn/transitions.h"
#include "tests/unit/broker/coordinator/txn/test_shard.h"

#include <gtest/gtest.h>

namespace milena::coordinator::txn {
namespace {

constexpr auto kId = "payments";
constexpr ProducerId kProducer{7};

Transaction at(Status status, std::int16_t epoch = 3) {
    Transaction transaction;
    transaction.producer_id = kProducer;
    transaction.producer_epoch = ProducerEpoch(epoch);
    transaction.status = status;
    transaction.timeout = Millis(1000);
    if (!transaction.is_idle()) {
        transaction.start = TimestampMs(1);
        transaction.partitions = parts("t", {0, 1});
    }
    return transaction;
}

// Rules of AddPartitionsToTxn (semantics L4): where the id stands, who asks, for what; the answer,
// and whether something is written.
struct Case {
    const char* name;
    std::optional<Status> status;
    std::int64_t id;
    std::int16_t epoch;
    std::vector<int> wanted;
    ErrorCode error;
    bool writes;
};

class AddPartitionsIn : public testing::TestWithParam<Case> {};

TEST_P(AddPartitionsIn, Answers) {
    const auto& c = GetParam();
    std::optional<Transaction> current;
    if (c.status) current = at(*c.status);
    AddPartitions request;
    request.transactional_id = kId;
    request.producer_id = ProducerId(c.id);
    request.producer_epoch = ProducerEpoch(c.epoch);
    for (const int index : c.wanted) {
        add_partition(request.partitions, "t", PartitionIndex(index));
    }
    SeededRandom random(1);
    const Settings settings;
    const auto result =
        step(current ? &*current : nullptr, request, {settings, TimestampMs(50), random});
    EXPECT_EQ(result.reply.error, c.error);
    EXPECT_EQ(result.next.has_value(), c.writes);
    EXPECT_EQ(result.must_wait, c.error == ErrorCode::CONCURRENT_TRANSACTIONS);
    if (!result.next) return;
    EXPECT_EQ(result.next->status, Status::ongoing);
    const bool began = *c.status != Status::ongoing;
    EXPECT_EQ(result.next->start, began ? TimestampMs(50) : TimestampMs(1));
    for (const int index : c.wanted) {
        EXPECT_TRUE(contains(result.next->partitions, "t", PartitionIndex(index)));
    }
    EXPECT_EQ(contains(result.next->partitions, "t", PartitionIndex(0)),
              !began || c.wanted.front() == 0);
}

INSTANTIATE_TEST_SUITE_P(
    , AddPartitionsIn,
    testing::Values(
        Case{"UnknownId", std::nullopt, 7, 3, {0}, ErrorCode::INVALID_PRODUCER_ID_MAPPING, false},
        Case{"Empty", Status::empty, 7, 3, {2}, ErrorCode::NONE, true},
        Case{"CompleteCommit", Status::complete_commit, 7, 3, {2}, ErrorCode::NONE, true},
        Case{"CompleteAbort", Status::complete_abort, 7, 3, {0}, ErrorCode::NONE, true},
        Case{"OngoingAnother", Status::ongoing, 7, 3, {2}, ErrorCode::NONE, true},
        Case{"OngoingTheSame", Status::ongoing, 7, 3, {1, 0}, ErrorCode::NONE, false},
        Case{"OtherProducer",
             Status::ongoing,
             8,
             3,
             {2},
             ErrorCode::INVALID_PRODUCER_ID_MAPPING,
             false},
        Case{"OlderEpoch", Status::ongoing, 7, 2, {0}, ErrorCode::PRODUCER_FENCED, false},
        Case{"NewerEpoch", Status::ongoing, 7, 4, {0}, ErrorCode::PRODUCER_FENCED, false},
        Case{"WhileCommitting",
             Status::prepare_commit,
             7,
             3,
             {0},
             ErrorCode::CONCURRENT_TRANSACTIONS,
             false},
        Case{"WhileAborting",
             Status::prepare_abort,
             7,
             3,
             {0},
             ErrorCode::CONCURRENT_TRANSACTIONS,
             false}),
    [](const auto& made) { return made.param.name; });

TEST(VerifyPartitions, NamesWhatTheTransactionDoesNotHold) {
    const auto open = at(Status::ongoing);
    VerifyPartitions request{kId, kProducer, ProducerEpoch(3), parts("t", {0, 5})};
    auto reply = verify(&open, request);
    EXPECT_EQ(reply.error, ErrorCode::NONE);
    EXPECT_EQ(reply.missing, parts("t", {5}));

    const auto idle = at(Status::complete_commit);
    EXPECT_EQ(verify(&idle, request).missing, request.partitions);
    const auto ending = at(Status::prepare_abort);
    EXPECT_EQ(verify(&ending, request).error, ErrorCode::CONCURRENT_TRANSACTIONS);
    request.producer_epoch = ProducerEpoch(2);
    EXPECT_EQ(verify(&open, request).error, ErrorCode::PRODUCER_FENCED);
    request.producer_id = ProducerId(1);
    EXPECT_EQ(verify(&open, request).error, ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    EXPECT_EQ(verify(nullptr, request).error, ErrorCode::INVALID_PRODUCER_ID_MAPPING);
}

TEST(AddPartitions, WaitForTheMarkersOfTheTransactionBefore) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {0}));
    ASSERT_EQ(shard.end(kId, producer, 0, EndResult::commit)->error, ErrorCode::NONE);
    ASSERT_FALSE(shard.add(kId, producer, 0, parts("t", {1})));
    const auto first = shard.last_reply();
    ASSERT_FALSE(shard.add(kId, producer, 0, parts("t", {2})));
    const auto second = shard.last_reply();
    shard.write_markers();
    ASSERT_TRUE(shard.answer(first) && shard.answer(second));
    EXPECT_EQ(shard.answer(second)->error, ErrorCode::NONE);
    EXPECT_EQ(shard.transaction(kId).partitions, parts("t", {1, 2}));
    EXPECT_FALSE(shard.timers.contains(std::string("wait/") + kId));
}

TEST(AddPartitions, AreWrittenAsKafkaWritesThem) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {1}), ClientVersion::implicit);
    const std::vector<std::uint8_t> value = {
        0, 1,                                         // version
        0, 0, 0,    0,    0,    0,    3,    0xe8,     // producer id 1000
        0, 0,                                         // epoch
        0, 0, 0xea, 0x60,                             // timeout 60 s
        1,                                            // Ongoing
        2, 2, 't',  2,    0,    0,    0,    1,    0,  // one topic with one partition
        0, 0, 1,    0x8b, 0xcf, 0xe5, 0x68, 0,        // updated
        0, 0, 1,    0x8b, 0xcf, 0xe5, 0x68, 0,        // started
        1, 2, 2,    0,    2,                          // one tag: client version 2
    };
    EXPECT_EQ(shard.log.back().second, value);
    // transaction.version 0: the old form, which says nothing of the client.
    shard.image.features["transaction.version"] = 0;
    shard.add(kId, producer, 0, parts("t", {2}), ClientVersion::implicit);
    ASSERT_TRUE(shard.log.back().second);
    EXPECT_EQ((*shard.log.back().second)[1], 0);
}

}  // namespace
}  // namespace milena::coordinator::txn
