// What the transaction coordinator is asked, what it answers, and what it has others do.
#pragma once

#include "broker/coordinator/decision.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/strong.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace milena::coordinator::txn {

namespace tag {
struct ConnectionNumber {
    static constexpr bool ordinal = false;
};
struct MarkerToken {
    static constexpr bool ordinal = false;
};
}  // namespace tag

// Grows with every connection that this process accepts; 0: not from a client's connection.
using ConnectionNumber = Strong<tag::ConnectionNumber, std::uint64_t>;
// Names one order to write markers, so that an old answer does not complete a newer transaction.
using MarkerToken = Strong<tag::MarkerToken, std::uint64_t>;
inline constexpr MarkerToken kNoMarkerToken{0};

// Partitions by topic, ascending, each once.
using Partitions = std::map<std::string, std::vector<PartitionIndex>, std::less<>>;

void add_partition(Partitions& to, std::string_view topic, PartitionIndex index);
bool contains(const Partitions& set, std::string_view topic, PartitionIndex index);

// How the producer runs its transactions (KIP-890): `implicit` adds partitions by producing to them
// and gets a new epoch with every end. Numbers of transaction.version.
enum class ClientVersion : std::int8_t { classic = 0, implicit = 2 };

enum class EndResult : bool { abort = false, commit = true };

// --- Requests ---

struct InitProducer {
    std::string transactional_id;
    Millis timeout{0};
    // What the producer has now (KIP-360); absent: a new start.
    ProducerId expected_id = kNoProducerId;
    ProducerEpoch expected_epoch = kNoProducerEpoch;
    // For the retry after Reply::needs_producer_id.
    ProducerId fresh_id = kNoProducerId;
};

struct AddPartitions {
    std::string transactional_id;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    Partitions partitions;
    ClientVersion client_version = ClientVersion::classic;
    ConnectionNumber connection{0};
};

// Does the transaction under way hold these? Those that it does not are Reply::missing.
struct VerifyPartitions {
    std::string transactional_id;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    Partitions partitions;
};

// What the leader of a partition asks about a transaction that wants to write to it.
using LeaderQuestion = std::variant<AddPartitions, VerifyPartitions>;

struct EndTransaction {
    std::string transactional_id;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    EndResult result = EndResult::abort;
    ClientVersion client_version = ClientVersion::classic;
    ConnectionNumber connection{0};
    ProducerId fresh_id = kNoProducerId;
};

// All markers of an Action have been written and acknowledged. No reply is waited for; the one that
// is given says NONE.
struct MarkersWritten {
    std::string transactional_id;
    MarkerToken token;
};

struct DescribeTransaction {
    std::string transactional_id;
};

struct ListTransactions {};

using Request = std::variant<InitProducer, AddPartitions, VerifyPartitions, EndTransaction,
                             MarkersWritten, DescribeTransaction, ListTransactions>;

// --- Replies ---

struct Description {
    std::string transactional_id;
    std::string_view status;  // Kafka's name of it
    Millis timeout{0};
    TimestampMs start = kNoTimestamp;
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Partitions partitions;
};

struct Reply {
    ErrorCode error = ErrorCode::NONE;
    // Nothing has happened: ask again with a fresh_id that the controller gave out.
    bool needs_producer_id = false;
    // Of InitProducer and EndTransaction.
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Partitions missing;                     // of VerifyPartitions
    std::vector<Description> transactions;  // of DescribeTransaction (one) and ListTransactions
};

// --- Changes of what is not in the log ---

struct SoftState {
    // The epoch before the last bump that the producer itself asked for, whose request may come
    // again (KIP-360).
    ProducerEpoch last_epoch = kNoProducerEpoch;
    // The newest connection that added to the transaction under way (see end_transaction.cc).
    ConnectionNumber begun_on{0};
    MarkerToken token = kNoMarkerToken;  // of the markers that are being written

    friend bool operator==(const SoftState&, const SoftState&) = default;
};

struct SetSoft {
    std::string transactional_id;
    SoftState soft;
};

// A request waits until the transaction in its way is complete, or the timer of those who wait
// fires.
struct Waiting {
    ReplyId reply;
    Request request;
};
struct Wait {
    std::string transactional_id;
    Waiting who;
};
struct StopWaiting {
    std::string transactional_id;
};

using Change = std::variant<SetSoft, Wait, StopWaiting>;

// --- Actions ---

// Write the end of this transaction into these partitions, then submit MarkersWritten with the
// token. Partitions that no longer exist are passed over. The coordinator epoch of the markers is
// the leader epoch of the shard's partition.
struct WriteMarkers {
    std::string transactional_id;
    MarkerToken token;
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    EndResult result = EndResult::abort;
    ClientVersion client_version = ClientVersion::classic;
    Partitions partitions;
};

using Action = WriteMarkers;

struct Settings {
    Millis max_timeout{900'000};            // transaction.max.timeout.ms
    Millis abort_interval{10'000};          // transaction.abort.timed.out.transaction.cleanup...
    Millis expiration{604'800'000};         // transactional.id.expiration.ms
    Millis expiration_interval{3'600'000};  // transaction.remove.expired.transaction.cleanup...
    Millis wait{100};                       // longest wait for the end of another transaction
};

}  // namespace milena::coordinator::txn
