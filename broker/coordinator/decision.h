// What every coordinator machine (groups, transactions) shares: how it is asked, and what it
// decides. A machine is a fold of the records of one partition of its internal topic, and of the
// changes to its soft state (who waits for what), which dies with the leadership.
//
// A machine M has
//   types    M::Request, M::Reply, M::Change, M::Action, M::Settings
//   decide(const Request&, ReplyId, const DecideContext&) const   a request, its reply owed
//   on_timer(const TimerKey&, const DecideContext&) const         a timer that fired
//   on_loaded(const DecideContext&) const                         once, when replay has ended
//   apply(const KeyedRecord&, const RecordOrigin&)                replay, and what was just decided
//   apply_marker(ProducerId, ProducerEpoch, const TransactionMarker&)   the end of a transaction
//   apply(const Change&)                                          soft state
//
// D1 pure: decide is const, reads no clock, draws chance only from the context.
// D2 order: the host appends `records`; when that is refused it drops the decision and answers the
//    replies with the error. Else it applies records, then `changes`, sets `timers`, and once the
//    records are committed it sends `replies`, then performs `actions`.
// D3 owed: every ReplyId given to decide is answered exactly once, now or by a later decision.
#pragma once

#include "broker/coordinator/keyed_records.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/strong.h"
#include "protocol/base/time.h"
#include "replication/metadata/image.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milena::coordinator {

namespace tag {
struct ReplyId {
    static constexpr bool ordinal = false;
};
}  // namespace tag

// Names a reply that is owed. Made by the host, one per request.
using ReplyId = Strong<tag::ReplyId, std::uint64_t>;

// Chosen by the machine; setting one that is set moves it.
using TimerKey = std::string;

struct TimerChange {
    TimerKey key;
    std::optional<MonoTime> at;  // absent: cancelled
};

// In whose name a batch is written; absent: no producer.
struct TransactionalProducer {
    ProducerId id;
    ProducerEpoch epoch;
};

// Where a record that is folded in came from.
struct RecordOrigin {
    Offset offset = kNoOffset;
    TimestampMs timestamp = kNoTimestamp;
    // Its batch is part of this producer's transaction.
    std::optional<TransactionalProducer> producer;
};

// What a machine decides from, besides its state and settings.
struct DecideContext {
    const metadata::Image& image;
    MonoTime now;
    TimestampMs wall_now;
    Random& random;
};

template <class Reply, class Change, class Action>
struct Decision {
    KeyedRecords records;  // one batch: written as a whole
    std::optional<TransactionalProducer> producer;
    std::vector<Change> changes;
    std::vector<TimerChange> timers;
    std::vector<std::pair<ReplyId, Reply>> replies;
    std::vector<Action> actions;
};

}  // namespace milena::coordinator
