#include "broker/api/transaction_verification.h"

#include <gtest/gtest.h>

namespace milena::api {
namespace {

using E = ErrorCode;
namespace txn = coordinator::txn;

const PartitionIndex kIndex(3);

E told(E error, ProducerKnows knows) {
    txn::Reply reply;
    reply.error = error;
    return verification_error(reply, "t", kIndex, knows, E::NOT_ENOUGH_REPLICAS);
}

TEST(TransactionVerification, TellsEachProducerWhatItUnderstands) {
    struct Row {
        E coordinator, nothing, abortable, implicit;
    };
    const Row rows[] = {
        {E::NONE, E::NONE, E::NONE, E::NONE},
        {E::TRANSACTION_ABORTABLE, E::INVALID_TXN_STATE, E::TRANSACTION_ABORTABLE,
         E::TRANSACTION_ABORTABLE},
        {E::PRODUCER_FENCED, E::INVALID_PRODUCER_EPOCH, E::INVALID_PRODUCER_EPOCH,
         E::INVALID_PRODUCER_EPOCH},
        {E::INVALID_PRODUCER_ID_MAPPING, E::INVALID_PRODUCER_ID_MAPPING,
         E::INVALID_PRODUCER_ID_MAPPING, E::INVALID_PRODUCER_ID_MAPPING},
        {E::CONCURRENT_TRANSACTIONS, E::NOT_ENOUGH_REPLICAS, E::NOT_ENOUGH_REPLICAS,
         E::CONCURRENT_TRANSACTIONS},
        {E::COORDINATOR_LOAD_IN_PROGRESS, E::NOT_ENOUGH_REPLICAS, E::NOT_ENOUGH_REPLICAS,
         E::NOT_ENOUGH_REPLICAS},
        {E::COORDINATOR_NOT_AVAILABLE, E::NOT_ENOUGH_REPLICAS, E::NOT_ENOUGH_REPLICAS,
         E::NOT_ENOUGH_REPLICAS},
        {E::NOT_COORDINATOR, E::NOT_ENOUGH_REPLICAS, E::NOT_ENOUGH_REPLICAS,
         E::NOT_ENOUGH_REPLICAS},
        {E::NETWORK_EXCEPTION, E::NOT_ENOUGH_REPLICAS, E::NOT_ENOUGH_REPLICAS,
         E::NOT_ENOUGH_REPLICAS},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(error_name(row.coordinator));
        EXPECT_EQ(told(row.coordinator, ProducerKnows::nothing), row.nothing);
        EXPECT_EQ(told(row.coordinator, ProducerKnows::abortable), row.abortable);
        EXPECT_EQ(told(row.coordinator, ProducerKnows::implicit), row.implicit);
    }
}

TEST(TransactionVerification, APartitionThatWasNotAddedIsNotWrittenTo) {
    txn::Reply reply;
    txn::add_partition(reply.missing, "t", kIndex);
    const auto error = [&](std::string_view topic, ProducerKnows knows) {
        return verification_error(reply, topic, kIndex, knows, E::NOT_ENOUGH_REPLICAS);
    };
    EXPECT_EQ(error("t", ProducerKnows::abortable), E::TRANSACTION_ABORTABLE);
    EXPECT_EQ(error("t", ProducerKnows::nothing), E::INVALID_TXN_STATE);
    EXPECT_EQ(error("u", ProducerKnows::abortable), E::NONE);
}

TEST(TransactionVerification, PassingErrorsAreWhatTheRequestRetries) {
    const Result<txn::Reply> away = fail(E::NOT_COORDINATOR, "moved");
    EXPECT_EQ(
        verification_error(away, "t", kIndex, ProducerKnows::abortable, E::NOT_ENOUGH_REPLICAS),
        E::NOT_ENOUGH_REPLICAS);
    EXPECT_EQ(verification_error(away, "t", kIndex, ProducerKnows::abortable,
                                 E::COORDINATOR_LOAD_IN_PROGRESS),
              E::COORDINATOR_LOAD_IN_PROGRESS);
}

TEST(TransactionVerification, WhatProducersKnowGoesByTheirVersions) {
    using K = ProducerKnows;
    const std::pair<int, K> produce[] = {{3, K::nothing},
                                         {10, K::nothing},
                                         {11, K::abortable},
                                         {12, K::implicit},
                                         {13, K::implicit}};
    for (const auto& [version, knows] : produce) {
        EXPECT_EQ(producer_of_produce(ApiVersion(static_cast<std::int16_t>(version))), knows);
    }
    const std::pair<int, K> offsets[] = {
        {0, K::nothing}, {3, K::nothing}, {4, K::abortable}, {5, K::implicit}};
    for (const auto& [version, knows] : offsets) {
        EXPECT_EQ(producer_of_offsets(ApiVersion(static_cast<std::int16_t>(version))), knows);
    }
}

}  // namespace
}  // namespace milena::api
