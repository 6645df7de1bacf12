// Transactions as an operator sees them: which there are, what partitions remember of producers,
// and how to end one that nobody ends (KIP-664).
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "tools/client/cluster.h"
#include "tools/client/groups.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace milena::client {

// What a transaction must be to be listed; empty: anything.
struct TransactionFilter {
    std::vector<std::string> states;  // "Ongoing"
    std::vector<ProducerId> producers;
    std::optional<Millis> longer_than;  // brokers from 3.7 on
    std::string pattern;                // of transactional ids; brokers from 4.1 on
};

struct TransactionListing {
    std::string id;
    BrokerId coordinator = kNoBroker;
    ProducerId producer_id = kNoProducerId;
    std::string state;
};

// Of all coordinators, in the order of their ids. UNSUPPORTED_VERSION when a broker does not know a
// filter.
Result<std::vector<TransactionListing>> list_transactions(Cluster& cluster,
                                                          const TransactionFilter& filter);

struct TransactionDescription {
    std::string id;
    BrokerId coordinator = kNoBroker;
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    std::string state;
    Millis timeout{0};
    std::optional<TimestampMs> start;  // of the one under way
    TopicPartitions partitions;        // where it writes, or has still to write its end
};

// TRANSACTIONAL_ID_NOT_FOUND.
Result<TransactionDescription> describe_transaction(Cluster& cluster, const std::string& id);

// A producer as a partition remembers it.
struct ProducerState {
    ProducerId id = kNoProducerId;
    std::int32_t epoch = -1;
    std::int32_t coordinator_epoch = -1;  // -1: of none so far
    Sequence last_sequence = kNoSequence;
    TimestampMs last_timestamp = kNoTimestamp;
    std::optional<Offset> transaction_start;  // where its open transaction begins
};

// Of the partition's leader, or of the replica on `broker`. UNKNOWN_TOPIC_OR_PARTITION,
// NOT_LEADER_OR_FOLLOWER.
Result<std::vector<ProducerState>> describe_producers(Cluster& cluster,
                                                      const TopicPartition& partition,
                                                      std::optional<BrokerId> broker);

// Writes the abort of a producer's open transaction into the partition, in the coordinator's place.
// INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED.
Status abort_transaction(Cluster& cluster, const TopicPartition& partition,
                         const ProducerState& producer);

// Ends whatever transaction of this id is under way, and fences its producer.
Status terminate_transaction(Cluster& cluster, const std::string& id);

struct HangingTransaction {
    TopicPartition partition;
    ProducerState producer;
};

// Transactions on these partitions that have stood still for longer than `longer_than`, and that no
// coordinator knows to be under way there.
Result<std::vector<HangingTransaction>> find_hanging(Cluster& cluster,
                                                     std::span<const TopicPartition> partitions,
                                                     std::optional<BrokerId> broker,
                                                     Millis longer_than);

}  // namespace milena::client
