#include "broker/replica/transaction_codec.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

namespace txn = coordinator::txn;

const txn::Partitions kPartitions{{"a", {PartitionIndex(0), PartitionIndex(4)}},
                                  {"b", {PartitionIndex(1)}}};

template <class Topics>
txn::Partitions read_back(const Topics& topics, auto field) {
    txn::Partitions found;
    for (const auto& topic : topics) {
        for (const auto index : topic.*field) {
            txn::add_partition(found, topic.name, index);
        }
    }
    return found;
}

TEST(TransactionCodec, AMarkerSaysHowItsTransactionEnded) {
    using Message = msg::WriteTxnMarkersRequest;
    for (const bool commit : {false, true}) {
        for (const bool raises_epoch : {false, true}) {
            Arena arena;
            const log::TransactionEnd end{ProducerId(7),
                                          ProducerEpoch(3),
                                          {commit ? ControlType::commit : ControlType::abort, 9},
                                          raises_epoch};
            const auto message = to_message(kPartitions, end, arena);
            ASSERT_EQ(message.markers.size(), 1U);
            const auto& marker = message.markers[0];
            EXPECT_EQ(marker.producer_id, ProducerId(7));
            EXPECT_EQ(marker.producer_epoch, ProducerEpoch(3));
            EXPECT_EQ(marker.transaction_result, commit);
            EXPECT_EQ(marker.coordinator_epoch, 9);
            EXPECT_EQ(marker.transaction_version, raises_epoch ? 2 : 0);
            EXPECT_EQ(read_back(marker.topics, &Message::WritableTxnMarkerTopic::partition_indexes),
                      kPartitions);
        }
    }
}

TEST(TransactionCodec, AQuestionAddsOrOnlyVerifies) {
    using Message = msg::AddPartitionsToTxnRequest;
    const txn::LeaderQuestion questions[] = {
        txn::AddPartitions{"id", ProducerId(7), ProducerEpoch(3), kPartitions,
                           txn::ClientVersion::implicit, txn::ConnectionNumber(0)},
        txn::VerifyPartitions{"id", ProducerId(7), ProducerEpoch(3), kPartitions}};
    for (const bool verify_only : {false, true}) {
        Arena arena;
        const auto message = to_message(questions[verify_only ? 1 : 0], arena);
        ASSERT_EQ(message.transactions.size(), 1U);
        const auto& asked = message.transactions[0];
        EXPECT_EQ(asked.transactional_id, "id");
        EXPECT_EQ(asked.producer_id, ProducerId(7));
        EXPECT_EQ(asked.producer_epoch, ProducerEpoch(3));
        EXPECT_EQ(asked.verify_only, verify_only);
        EXPECT_EQ(read_back(asked.topics, &Message::AddPartitionsToTxnTopic::partitions),
                  kPartitions);
    }
}

TEST(TransactionCodec, ALeaderThatDoesNotKnowThePartitionIsAskedAgain) {
    using Message = msg::WriteTxnMarkersResponse;
    Arena arena;
    Message message;
    message.markers = Array<Message::WritableTxnMarkerResult>::make(arena, 1);
    auto& topics = message.markers[0].topics;
    topics = Array<Message::WritableTxnMarkerTopicResult>::make(arena, 1);
    topics[0].name = "a";
    topics[0].partitions = Array<Message::WritableTxnMarkerPartitionResult>::make(arena, 3);
    const ErrorCode codes[] = {ErrorCode::NONE, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                               ErrorCode::INVALID_PRODUCER_EPOCH};
    for (std::size_t i = 0; i < 3; ++i) {
        topics[0].partitions[i] = {PartitionIndex(static_cast<std::int32_t>(i)), codes[i]};
    }
    const auto answer = from_message(message);
    EXPECT_EQ(answer.of("a", PartitionIndex(0)), ErrorCode::NONE);
    EXPECT_EQ(answer.of("a", PartitionIndex(1)), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(answer.of("a", PartitionIndex(2)), ErrorCode::INVALID_PRODUCER_EPOCH);
    EXPECT_EQ(answer.of("a", PartitionIndex(3)), ErrorCode::UNKNOWN_SERVER_ERROR);
    EXPECT_EQ(answer.of("b", PartitionIndex(0)), ErrorCode::UNKNOWN_SERVER_ERROR);
}

TEST(TransactionCodec, ACoordinatorNamesWhatIsMissingOrRefuses) {
    using Message = msg::AddPartitionsToTxnResponse;
    Arena arena;
    Message message;
    message.results_by_transaction = Array<Message::AddPartitionsToTxnResult>::make(arena, 1);
    auto& topics = message.results_by_transaction[0].topic_results;
    topics = Array<Message::AddPartitionsToTxnTopicResult>::make(arena, 1);
    topics[0].name = "a";
    auto& partitions = topics[0].results_by_partition;
    partitions = Array<Message::AddPartitionsToTxnPartitionResult>::make(arena, 2);
    partitions[0] = {PartitionIndex(0), ErrorCode::NONE};
    partitions[1] = {PartitionIndex(1), ErrorCode::TRANSACTION_ABORTABLE};
    auto reply = from_message(message);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error, ErrorCode::NONE);
    EXPECT_EQ(reply->missing, (txn::Partitions{{"a", {PartitionIndex(1)}}}));

    partitions[0].partition_error_code = ErrorCode::CONCURRENT_TRANSACTIONS;
    reply = from_message(message);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error, ErrorCode::CONCURRENT_TRANSACTIONS);

    message.error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    reply = from_message(message);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
}

}  // namespace
}  // namespace milena::replica
