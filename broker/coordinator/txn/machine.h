// The transaction coordinator of one partition of __transaction_state: a pure machine.
//
// T1 one at a time: a transactional id has at most one transaction, and none begins before the
//    markers of the one before have been written everywhere.
// T2 decided once: when a prepare record is in the log the outcome is fixed, whoever takes over.
// T3 fenced: only the newest producer (id and epoch) may add to a transaction or end it, and with
//    the old protocol only from a connection that is not older than the transaction.
// T4 ends: a transaction that lasts longer than its timeout is aborted, its producer is fenced.
//
// What it decides is applied before it is committed, and replies wait for the commit; so there is
// no pending state between two states, as Kafka has it. Kafka answers CONCURRENT_TRANSACTIONS while
// markers are written and lets the client try again later; here AddPartitions and InitProducer wait
// up to Settings::wait first.
//
// Driven by the coordinator host (broker/replica), see broker/coordinator/decision.h.
// Source: core/.../coordinator/transaction/TransactionCoordinator.scala.
#pragma once

#include "broker/coordinator/decision.h"
#include "broker/coordinator/txn/requests.h"
#include "broker/coordinator/txn/state.h"
#include "protocol/record/control_record.h"

namespace milena::coordinator::txn {

class Machine {
  public:
    using Request = txn::Request;
    using Reply = txn::Reply;
    using Change = txn::Change;
    using Action = txn::Action;
    using Settings = txn::Settings;
    using Decision = coordinator::Decision<Reply, Change, Action>;

    explicit Machine(const Settings& settings) : settings_(settings) {}

    Decision decide(const Request& request, ReplyId reply, const DecideContext& context) const;
    Decision on_timer(const TimerKey& key, const DecideContext& context) const;
    // Orders the markers of every transaction whose end was decided before, sets the timers.
    Decision on_loaded(const DecideContext& context) const;

    // Records that do not parse, or are of a type that is not known, change nothing.
    void apply(const KeyedRecord& record, const RecordOrigin& origin);
    // Nothing in __transaction_state is written within a transaction.
    void apply_marker(ProducerId, ProducerEpoch, const TransactionMarker&) {}
    void apply(const Change& change);

    const State& state() const { return state_; }

    // The reply to a request that this shard cannot decide (not loaded, not the leader, the append
    // failed).
    static Reply refused(const Request& request, ErrorCode error);

  private:
    Settings settings_;
    State state_;
};

}  // namespace milena::coordinator::txn
