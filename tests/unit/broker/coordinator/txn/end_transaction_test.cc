#include "broker/coordinator/txn/transitions.h"
#include "tests/unit/broker/coordinator/txn/test_shard.h"

#include <gtest/gtest.h>

namespace milena::coordinator::txn {
namespace {

constexpr auto kId = "payments";
constexpr auto kCommit = EndResult::commit;
constexpr auto kAbort = EndResult::abort;
constexpr auto kClassic = ClientVersion::classic;
constexpr auto kImplicit = ClientVersion::implicit;

// Rules of EndTxn (semantics L5, L6). The id belongs to producer 7, before it 6, at epoch 3.
struct Case {
    const char* name;
    Status status;
    std::int16_t known_epoch;
    ClientVersion version;
    std::int64_t id;
    std::int16_t epoch;
    EndResult result;
    ErrorCode error;
    std::optional<Status> next;
    std::int16_t told_epoch;  // when there is no error
};

class EndTransactionIn : public testing::TestWithParam<Case> {};

TEST_P(EndTransactionIn, Answers) {
    const auto& c = GetParam();
    Transaction current;
    current.producer_id = ProducerId(7);
    current.previous_producer_id = ProducerId(6);
    current.producer_epoch = ProducerEpoch(c.known_epoch);
    current.status = c.status;
    if (!current.is_idle()) current.partitions = parts("t", {0});
    EndTransaction request;
    request.transactional_id = kId;
    request.producer_id = ProducerId(c.id);
    request.producer_epoch = ProducerEpoch(c.epoch);
    request.result = c.result;
    request.client_version = c.version;
    request.fresh_id = ProducerId(99);
    SeededRandom random(1);
    const Settings settings;
    const auto result = step(&current, request, {settings, TimestampMs(50), random});
    EXPECT_EQ(result.reply.error, c.error);
    EXPECT_EQ(result.next.has_value(), c.next.has_value());
    if (c.error == ErrorCode::NONE) {
        EXPECT_EQ(result.reply.producer_epoch, ProducerEpoch(c.told_epoch));
    }
    if (!result.next) return;
    EXPECT_EQ(result.next->status, *c.next);
    EXPECT_NE(result.next->soft.token, kNoMarkerToken);
    EXPECT_EQ(result.next->client_version, c.version);
    EXPECT_EQ(result.next->producer_epoch.value(),
              c.version == kImplicit ? c.known_epoch + 1 : c.known_epoch);
}

constexpr auto kNone = ErrorCode::NONE;
constexpr auto kFenced = ErrorCode::PRODUCER_FENCED;
constexpr auto kInvalid = ErrorCode::INVALID_TXN_STATE;
constexpr auto kMapping = ErrorCode::INVALID_PRODUCER_ID_MAPPING;
constexpr auto kConcurrent = ErrorCode::CONCURRENT_TRANSACTIONS;
constexpr std::nullopt_t kStays = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    Classic, EndTransactionIn,
    testing::Values(
        Case{"Commits", Status::ongoing, 3, kClassic, 7, 3, kCommit, kNone, Status::prepare_commit,
             3},
        Case{"Aborts", Status::ongoing, 3, kClassic, 7, 3, kAbort, kNone, Status::prepare_abort, 3},
        Case{"OlderEpoch", Status::ongoing, 3, kClassic, 7, 2, kCommit, kFenced, kStays, 0},
        Case{"NewerEpoch", Status::ongoing, 3, kClassic, 7, 4, kCommit, kFenced, kStays, 0},
        Case{"OtherProducer", Status::ongoing, 3, kClassic, 8, 3, kCommit, kMapping, kStays, 0},
        Case{"EmptyCommit", Status::empty, 3, kClassic, 7, 3, kCommit, kInvalid, kStays, 0},
        Case{"EmptyAbort", Status::empty, 3, kClassic, 7, 3, kAbort, kInvalid, kStays, 0},
        Case{"CommitAgain", Status::complete_commit, 3, kClassic, 7, 3, kCommit, kNone, kStays, 3},
        Case{"AbortAgain", Status::complete_abort, 3, kClassic, 7, 3, kAbort, kNone, kStays, 3},
        Case{"AbortOfCommitted", Status::complete_commit, 3, kClassic, 7, 3, kAbort, kInvalid,
             kStays, 0},
        Case{"CommitOfAborted", Status::complete_abort, 3, kClassic, 7, 3, kCommit, kInvalid,
             kStays, 0},
        Case{"WhileCommitting", Status::prepare_commit, 3, kClassic, 7, 3, kCommit, kConcurrent,
             kStays, 0}),
    [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Implicit, EndTransactionIn,
    testing::Values(
        Case{"Commits", Status::ongoing, 3, kImplicit, 7, 3, kCommit, kNone, Status::prepare_commit,
             4},
        Case{"Aborts", Status::ongoing, 3, kImplicit, 7, 3, kAbort, kNone, Status::prepare_abort,
             4},
        Case{"CommitsItsLastEpoch", Status::ongoing, 32766, kImplicit, 7, 32766, kCommit, kNone,
             Status::prepare_commit, 0},
        Case{"OlderEpoch", Status::ongoing, 3, kImplicit, 7, 2, kCommit, kFenced, kStays, 0},
        Case{"OtherProducer", Status::ongoing, 3, kImplicit, 8, 3, kCommit, kMapping, kStays, 0},
        Case{"EmptyCommit", Status::empty, 3, kImplicit, 7, 3, kCommit, kInvalid, kStays, 0},
        Case{"EmptyAbort", Status::empty, 3, kImplicit, 7, 3, kAbort, kNone, Status::prepare_abort,
             4},
        Case{"AbortsNothingAfterACommit", Status::complete_commit, 3, kImplicit, 7, 3, kAbort,
             kNone, Status::prepare_abort, 4},
        Case{"CommitsNothingAfterACommit", Status::complete_commit, 3, kImplicit, 7, 3, kCommit,
             kInvalid, kStays, 0},
        Case{"CommitAgain", Status::complete_commit, 3, kImplicit, 7, 2, kCommit, kNone, kStays, 3},
        Case{"AbortAgain", Status::complete_abort, 3, kImplicit, 7, 2, kAbort, kNone, kStays, 3},
        Case{"AbortOfCommitted", Status::complete_commit, 3, kImplicit, 7, 2, kAbort, kInvalid,
             kStays, 0},
        Case{"CommitAgainAfterItsLastEpoch", Status::complete_commit, 0, kImplicit, 6, 32766,
             kCommit, kNone, kStays, 0},
        Case{"TwoEndsBehind", Status::complete_commit, 3, kImplicit, 7, 1, kCommit, kFenced, kStays,
             0},
        Case{"WhileAborting", Status::prepare_abort, 4, kImplicit, 7, 3, kAbort, kConcurrent,
             kStays, 0}),
    [](const auto& made) { return made.param.name; });

TEST(EndTransaction, HasMarkersWrittenForAllPartitionsThenIsComplete) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {0, 2}), kImplicit);
    shard.add(kId, producer, 0, parts("u", {1}), kImplicit);
    const auto reply = shard.end(kId, producer, 0, kCommit, kImplicit);
    EXPECT_EQ(reply->error, ErrorCode::NONE) << "told as soon as it is decided";
    EXPECT_EQ(reply->producer_epoch, ProducerEpoch(1));
    ASSERT_EQ(shard.orders.size(), 1U);
    const auto order = shard.orders[0];
    EXPECT_EQ(order.result, kCommit);
    EXPECT_EQ(order.producer_epoch, ProducerEpoch(1));
    EXPECT_EQ(order.client_version, kImplicit);
    auto all = parts("t", {0, 2});
    add_partition(all, "u", PartitionIndex(1));
    EXPECT_EQ(order.partitions, all);
    EXPECT_EQ(shard.transaction(kId).status, Status::prepare_commit);
    shard.write_markers();
    EXPECT_EQ(shard.transaction(kId).status, Status::complete_commit);
    EXPECT_TRUE(shard.transaction(kId).partitions.empty());
}

TEST(EndTransaction, GoesOnWithAnotherProducerIdWhenTheEpochsAreUsedUp) {
    TestShard shard;
    Transaction worn;
    worn.producer_id = ProducerId(5);
    worn.producer_epoch = kLastProducerEpoch;
    worn.timeout = Millis(60'000);
    shard.put(kId, worn);
    shard.add(kId, ProducerId(5), 32766, parts("t", {0}), kImplicit);
    const auto reply = shard.end(kId, ProducerId(5), 32766, kCommit, kImplicit);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->producer_id, ProducerId(1000));
    EXPECT_EQ(reply->producer_epoch, ProducerEpoch(0));
    EXPECT_EQ(shard.orders.back().producer_id, ProducerId(5));
    EXPECT_EQ(shard.orders.back().producer_epoch, ProducerEpoch(32767));
    // Also when another coordinator finishes it.
    shard.fail_over();
    shard.write_markers();
    EXPECT_EQ(shard.transaction(kId).producer_id, ProducerId(1000));
    EXPECT_EQ(shard.add(kId, ProducerId(1000), 0, parts("t", {0}), kImplicit)->error,
              ErrorCode::NONE);
}

TEST(EndTransaction, AnotherCoordinatorWritesTheMarkersAgain) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {0}));
    shard.end(kId, producer, 0, kAbort);
    const auto order = shard.orders.at(0);
    shard.fail_over();
    ASSERT_EQ(shard.orders.size(), 1U);
    EXPECT_EQ(shard.orders[0].result, kAbort);
    EXPECT_EQ(shard.orders[0].partitions, order.partitions);
    EXPECT_EQ(shard.orders[0].producer_epoch, order.producer_epoch);
    // What the first one had written does not end what the second one decides.
    shard.ask(MarkersWritten{kId, order.token});
    EXPECT_EQ(shard.transaction(kId).status, Status::prepare_abort);
    shard.write_markers();
    EXPECT_EQ(shard.transaction(kId).status, Status::complete_abort);
}

// KAFKA-17754. The producer commits over connection 1, hears nothing, gives the connection up and
// commits again over connection 2; then it begins another transaction. Now the first request
// arrives. Kafka takes it for the end of the new transaction and commits half of it.
TEST(EndTransaction, ThatArrivesLateOnAnOlderConnectionDecidesNothing) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {0}), kClassic, 1);
    ASSERT_EQ(shard.end(kId, producer, 0, kCommit, kClassic, 2)->error, ErrorCode::NONE);
    shard.write_markers();
    shard.add(kId, producer, 0, parts("t", {0}), kClassic, 2);

    EXPECT_EQ(shard.end(kId, producer, 0, kCommit, kClassic, 1)->error,
              ErrorCode::INVALID_TXN_STATE);
    EXPECT_EQ(shard.transaction(kId).status, Status::ongoing);
    EXPECT_EQ(shard.end(kId, producer, 0, kAbort, kClassic, 2)->error, ErrorCode::NONE);
}

TEST(EndTransaction, FromTheConnectionThatAddedLastIsTakenAlsoAfterAReconnection) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {0}), kClassic, 4);
    shard.add(kId, producer, 0, parts("t", {0}), kClassic, 6);  // nothing new but the connection
    EXPECT_EQ(shard.end(kId, producer, 0, kCommit, kClassic, 4)->error,
              ErrorCode::INVALID_TXN_STATE);
    EXPECT_EQ(shard.end(kId, producer, 0, kCommit, kClassic, 9)->error, ErrorCode::NONE);
    shard.write_markers();
    // A coordinator that takes over knows no connection that could be older.
    shard.add(kId, producer, 0, parts("t", {0}), kClassic, 9);
    shard.fail_over();
    EXPECT_EQ(shard.end(kId, producer, 0, kCommit, kClassic, 1)->error, ErrorCode::NONE);
}

TEST(Timeout, AbortsAndFencesWhoseTransactionTakesTooLong) {
    TestShard shard;
    const auto producer =
        shard.init(kId, kNoProducerId, kNoProducerEpoch, Millis(15'000))->producer_id;
    shard.add(kId, producer, 0, parts("t", {0}), kImplicit);
    shard.pass(Millis(10'000));
    EXPECT_TRUE(shard.orders.empty());
    shard.pass(Millis(10'000));
    ASSERT_EQ(shard.orders.size(), 1U);
    EXPECT_EQ(shard.orders[0].result, kAbort);
    EXPECT_EQ(shard.orders[0].producer_epoch, ProducerEpoch(1));
    shard.write_markers();
    EXPECT_EQ(shard.transaction(kId).status, Status::complete_abort);
    EXPECT_EQ(shard.end(kId, producer, 0, kCommit, kClassic)->error, ErrorCode::PRODUCER_FENCED);
    EXPECT_EQ(shard.init(kId, producer, ProducerEpoch(0))->error, ErrorCode::PRODUCER_FENCED);
    shard.pass(Millis(100'000));
    EXPECT_TRUE(shard.orders.empty()) << "once";
}

TEST(Expiry, ForgetsIdsThatNobodyUses) {
    TestShard shard;
    const auto busy = shard.init("busy")->producer_id;
    shard.init("idle");
    shard.pass(Millis(600'000'000));
    shard.add("busy", busy, 0, parts("t", {0}));
    shard.end("busy", busy, 0, kCommit);
    shard.write_markers();
    shard.pass(Millis(8'400'000));
    EXPECT_EQ(shard.state().find("idle"), nullptr);
    EXPECT_NE(shard.state().find("busy"), nullptr);
    ASSERT_FALSE(shard.log.back().second) << "a tombstone";
    shard.fail_over();
    EXPECT_EQ(shard.state().find("idle"), nullptr);
}

TEST(Describe, TellsWhatIsKnown) {
    TestShard shard;
    const auto producer = shard.init(kId)->producer_id;
    shard.add(kId, producer, 0, parts("t", {3}));
    auto reply = shard.ask(DescribeTransaction{kId});
    ASSERT_EQ(reply->transactions.size(), 1U);
    EXPECT_EQ(reply->transactions[0].status, "Ongoing");
    EXPECT_EQ(reply->transactions[0].partitions, parts("t", {3}));
    EXPECT_EQ(reply->transactions[0].start, shard.wall());
    EXPECT_EQ(shard.ask(DescribeTransaction{"nobody"})->error,
              ErrorCode::TRANSACTIONAL_ID_NOT_FOUND);
    shard.init("another");
    EXPECT_EQ(shard.ask(ListTransactions{})->transactions.size(), 2U);
}

}  // namespace
}  // namespace milena::coordinator::txn
