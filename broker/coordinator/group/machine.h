// The group coordinator of one partition of __consumer_offsets: a pure machine.
//
// Groups and positions are records in Kafka's formats. Rebalances under way, and who waits for
// them, are soft state: a new leader starts from the last completed generation and its members
// join anew.
//
// For the host, besides D1-D3 of broker/coordinator/decision.h:
//   G1 a reply whose decision has no records waits for what was appended before it all the same.
//   G2 when the append of a decision is refused the replies in it get the error, and a machine that
//      names one of them again later is not listened to. A timer that fired for it fires again a
//      little later.
// Source: group-coordinator/.../GroupMetadataManager.java, OffsetMetadataManager.java.
#pragma once

#include "broker/coordinator/decision.h"
#include "broker/coordinator/group/requests.h"
#include "broker/coordinator/group/settings.h"
#include "broker/coordinator/group/state.h"
#include "protocol/record/control_record.h"

#include <memory>
#include <string>
#include <variant>

namespace milena::coordinator::group {

// The group is this now; nullptr: it is gone. Follows the records, where there are any.
struct PutClassic {
    std::string group_id;
    std::shared_ptr<const ClassicGroup> group;
};

using Change = std::variant<PutClassic, consumer::PutChecked>;

// Groups have nothing done elsewhere.
using Action = std::monostate;

using Decision = coordinator::Decision<Reply, Change, Action>;

class Machine {
  public:
    using Request = group::Request;
    using Reply = group::Reply;
    using Change = group::Change;
    using Action = group::Action;
    using Settings = group::Settings;
    using Decision = group::Decision;

    explicit Machine(const Settings& settings) : settings_(settings) {}

    Decision decide(const Request& request, ReplyId reply, const DecideContext& context) const;
    Decision on_timer(const TimerKey& key, const DecideContext& context) const;
    // Sets the timers of all members, and that of expiry.
    Decision on_loaded(const DecideContext& context) const;

    // Records that do not parse, or are of a type that is not known, change nothing.
    void apply(const KeyedRecord& record, const RecordOrigin& origin);
    void apply_marker(ProducerId producer, ProducerEpoch epoch, const TransactionMarker& marker);
    void apply(const Change& change);

    void update_settings(const Settings& settings) { settings_ = settings; }
    const Settings& settings() const { return settings_; }
    const State& state() const { return state_; }

    // The reply to a request that this shard cannot decide (not loaded, not the leader, the append
    // failed).
    static Reply refused(const Request& request, ErrorCode error);

  private:
    Settings settings_;
    State state_;
};

using GroupMachine = Machine;

}  // namespace milena::coordinator::group
