#include "broker/coordinator/txn/records.h"

#include "protocol/base/assert.h"
#include "protocol/msg/records/transaction_log.h"
#include "protocol/wire/versioned.h"

#include <algorithm>

namespace milena::coordinator::txn {
namespace {

using Value = msg::TransactionLogValue;

// Kafka writes null in place of the list while the id is Empty.
Array<Value::PartitionsSchema> partitions_of(const Transaction& transaction, Arena& arena) {
    if (transaction.status == Status::empty) return Array<Value::PartitionsSchema>::null();
    auto topics = Array<Value::PartitionsSchema>::make(arena, transaction.partitions.size());
    std::size_t t = 0;
    for (const auto& [topic, indexes] : transaction.partitions) {
        topics[t].topic = topic;
        topics[t].partition_ids = Array<PartitionIndex>::make(arena, indexes.size());
        std::copy(indexes.begin(), indexes.end(), topics[t].partition_ids.begin());
        ++t;
    }
    return topics;
}

void write_key(std::vector<std::uint8_t>& out, std::string_view transactional_id) {
    msg::TransactionLogKey key;
    key.transactional_id = transactional_id;
    MILENA_ASSERT(append_coordinator_key(key, out));
}

bool is_known_status(std::int8_t status) {
    return status >= static_cast<std::int8_t>(Status::empty) &&
           status <= static_cast<std::int8_t>(Status::dead);
}

Transaction from(const Value& value) {
    Transaction transaction;
    transaction.producer_id = value.producer_id;
    transaction.producer_epoch = value.producer_epoch;
    transaction.previous_producer_id = value.previous_producer_id;
    transaction.timeout = value.transaction_timeout_ms;
    transaction.status = static_cast<Status>(value.transaction_status);
    transaction.start = value.transaction_start_timestamp_ms;
    transaction.last_update = value.transaction_last_update_timestamp_ms;
    transaction.client_version =
        value.client_transaction_version >= 2 ? ClientVersion::implicit : ClientVersion::classic;
    // Elsewhere they would say nothing: a log that holds them there is not one that we understand.
    if (transaction.is_ending()) transaction.next_producer_id = value.next_producer_id;
    if (transaction.is_idle()) return transaction;
    for (const auto& topic : value.transaction_partitions) {
        for (const auto index : topic.partition_ids) {
            add_partition(transaction.partitions, topic.topic, index);
        }
    }
    return transaction;
}

}  // namespace

void add_record(KeyedRecords& to, std::string_view transactional_id, const Transaction& transaction,
                bool flexible) {
    to.add_by([&](std::vector<std::uint8_t>& out) { write_key(out, transactional_id); },
              [&](std::vector<std::uint8_t>& out) {
                  Arena arena;
                  Value value;
                  value.producer_id = transaction.producer_id;
                  value.producer_epoch = transaction.producer_epoch;
                  value.transaction_timeout_ms = transaction.timeout;
                  value.transaction_status = static_cast<std::int8_t>(transaction.status);
                  value.transaction_partitions = partitions_of(transaction, arena);
                  value.transaction_last_update_timestamp_ms = transaction.last_update;
                  value.transaction_start_timestamp_ms = transaction.start;
                  if (flexible) {
                      value.previous_producer_id = transaction.previous_producer_id;
                      value.next_producer_id = transaction.next_producer_id;
                      value.client_transaction_version =
                          static_cast<std::int16_t>(transaction.client_version);
                  }
                  MILENA_ASSERT(append_versioned(value, ApiVersion(flexible ? 1 : 0), out));
              });
}

void add_tombstone(KeyedRecords& to, std::string_view transactional_id) {
    to.add_tombstone_by([&](std::vector<std::uint8_t>& out) { write_key(out, transactional_id); });
}

std::optional<ReadRecord> read_record(const KeyedRecord& record) {
    Arena arena;
    const auto key = decode_coordinator_key<msg::TransactionLogKey>(record.key, arena);
    if (!key) return std::nullopt;
    ReadRecord read{std::string(key->transactional_id), std::nullopt};
    if (!record.value) return read;
    const auto value = decode_versioned<Value>(*record.value, arena);
    if (!value || !is_known_status(value->transaction_status)) return std::nullopt;
    read.transaction = from(*value);
    return read;
}

}  // namespace milena::coordinator::txn
