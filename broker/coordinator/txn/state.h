// What one shard of the transaction coordinator knows: the transactional ids whose hash falls into
// one partition of __transaction_state. Plain data: only Machine::apply changes it.
//
// Invariants (check_invariants names the first that is broken):
//   EmptyHasNoPartitions    a transaction that is empty or complete has no partitions
//   OngoingHasStarted       one that is under way knows when it began
//   NextOnlyWhileEnding     the next producer id is known between prepare and complete only
//   OnlyEndingIsWaitedFor   requests wait only for a transaction that is being ended
//   EndingHasToken          markers are under way for every transaction that is being ended (once
//                           the shard is loaded)
// Source: transaction-coordinator/.../TransactionMetadata.java.
#pragma once

#include "broker/coordinator/decision.h"
#include "broker/coordinator/txn/requests.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::coordinator::txn {

// Numbers of Kafka's TransactionState, as they stand in the log. Kafka's PrepareEpochFence (7) is
// never written and does not exist here.
enum class Status : std::int8_t {
    empty = 0,
    ongoing = 1,
    prepare_commit = 2,
    prepare_abort = 3,
    complete_commit = 4,
    complete_abort = 5,
    dead = 6,
};

// "PrepareCommit": as in DescribeTransactions and ListTransactions.
std::string_view status_name(Status status);
std::optional<Status> find_status(std::string_view name);

// The last epoch that a producer works with; the one above it only ends its last transaction.
inline constexpr ProducerEpoch kLastProducerEpoch{32766};

struct Transaction {
    // In the log.
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    // Whom this producer id replaced when its epochs were used up.
    ProducerId previous_producer_id = kNoProducerId;
    // Who replaces it once the transaction that is being ended is complete.
    ProducerId next_producer_id = kNoProducerId;
    Millis timeout{0};
    Status status = Status::empty;
    Partitions partitions;
    TimestampMs start = kNoTimestamp;
    TimestampMs last_update = kNoTimestamp;
    ClientVersion client_version = ClientVersion::classic;

    // Not in the log.
    SoftState soft;

    bool is_ending() const {
        return status == Status::prepare_commit || status == Status::prepare_abort;
    }
    bool is_idle() const {
        return status == Status::empty || status == Status::complete_commit ||
               status == Status::complete_abort;
    }
    // Is this the epoch of the producer now? The one above the last is nobody's.
    bool has_epoch(ProducerEpoch epoch) const {
        return epoch == producer_epoch && epoch <= kLastProducerEpoch;
    }
    bool is_epoch_exhausted() const { return producer_epoch >= kLastProducerEpoch; }

    friend bool operator==(const Transaction&, const Transaction&) = default;
};

struct State {
    std::map<std::string, Transaction, std::less<>> transactions;
    // Who waits for the end of the transaction of this id.
    std::map<std::string, std::vector<Waiting>, std::less<>> waiting;

    const Transaction* find(std::string_view transactional_id) const {
        const auto found = transactions.find(transactional_id);
        return found == transactions.end() ? nullptr : &found->second;
    }
};

// The name of the first broken invariant, or nullopt.
std::optional<std::string_view> check_invariants(const State& state);

}  // namespace milena::coordinator::txn
