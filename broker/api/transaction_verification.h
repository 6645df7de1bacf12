// May batches of a transaction be written to partitions where the transaction is not open yet? The
// coordinator is asked (KIP-890): up to Produce v11 whether the producer has added the partitions,
// from v12 on it adds them at this point.
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

replica::Verification::Kind verification_kind(const config::Settings& settings,
                                              ApiVersion produce_version);

// How the coordinator's errors are told to a producer that may not know them (semantics C6;
// server/.../AddPartitionsToTxnManager.java, core/.../ReplicaManager.scala).
ErrorCode verification_error(ErrorCode coordinator, ApiVersion produce_version);

struct TransactionQuestion {
    std::string transactional_id;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    coordinator::txn::Partitions partitions;
};
// Absent when nothing is to be verified.
std::optional<TransactionQuestion> transaction_question(
    std::string_view transactional_id, const std::vector<UnverifiedAppend>& unverified);

// The waiter hears of the answer on its executor.
void ask_coordinator(Services& services, TransactionQuestion question, ApiVersion produce_version,
                     std::shared_ptr<ProduceWaiter> waiter);

}  // namespace milena::api
