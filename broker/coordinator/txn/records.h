// The records of __transaction_state: TransactionLogKey and TransactionLogValue.
//
// Kafka 4.2 writes value version 1 when transaction.version is at least 1, else 0, and leaves the
// fields of version 1 that name producer ids at their defaults. We write them in the rare case that
// they say something, so that the next coordinator knows them too; Kafka reads them.
// Source: transaction-coordinator/.../TransactionLog.java.
#pragma once

#include "broker/coordinator/txn/state.h"

#include <optional>
#include <string>

namespace milena::coordinator::txn {

// `flexible`: value version 1.
void add_record(KeyedRecords& to, std::string_view transactional_id, const Transaction& transaction,
                bool flexible);
void add_tombstone(KeyedRecords& to, std::string_view transactional_id);

struct ReadRecord {
    std::string transactional_id;
    std::optional<Transaction> transaction;  // absent: a tombstone
};

// nullopt: not a record of ours, or one that does not parse.
std::optional<ReadRecord> read_record(const KeyedRecord& record);

}  // namespace milena::coordinator::txn
