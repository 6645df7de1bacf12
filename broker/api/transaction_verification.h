// May a transaction write where it is not open yet? Its coordinator is asked (KIP-890): for the
// batches of a Produce, and for the positions of a TxnOffsetCommit. Whether the producer has added
// the partitions, or, where its version says so, it adds them at this point.
#pragma once

#include "broker/api/produce_waiter.h"
#include "broker/api/services.h"
#include "broker/config/settings.h"
#include "broker/coordinator/txn/requests.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::api {

// What a producer knows of verifications (server/.../AddPartitionsToTxnManager.java).
enum class ProducerKnows : std::uint8_t {
    nothing,    // adds partitions itself, and takes an unknown error for the end
    abortable,  // the same, but for TRANSACTION_ABORTABLE
    implicit,   // adds by writing, and waits for CONCURRENT_TRANSACTIONS
};
ProducerKnows producer_of_produce(ApiVersion version);
ProducerKnows producer_of_offsets(ApiVersion version);

// How it is to be verified, if the transaction is not open on a partition.
replica::Verification::Kind verification_kind(const config::Settings& settings,
                                              ProducerKnows knows);

struct TransactionQuestion {
    std::string transactional_id;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    coordinator::txn::Partitions partitions;
};
coordinator::txn::LeaderQuestion leader_question(TransactionQuestion question, ProducerKnows knows);

// What the coordinator's answer means for one partition, in the words of the producer: NONE, it may
// write. `later` stands for all errors that pass: what the producer tries again for without looking
// for another broker. (semantics C6)
ErrorCode verification_error(const Result<coordinator::txn::Reply>& answer, std::string_view topic,
                             PartitionIndex index, ProducerKnows knows, ErrorCode later);

// Absent when nothing is to be verified.
std::optional<TransactionQuestion> transaction_question(
    std::string_view transactional_id, const std::vector<UnverifiedAppend>& unverified);

// For a Produce; the waiter hears of the answer on its executor.
void ask_coordinator(Services& services, TransactionQuestion question, ApiVersion produce_version,
                     std::shared_ptr<ProduceWaiter> waiter);

}  // namespace milena::api
