// What a request about a consumer group must satisfy, with Kafka's errors.
#pragma once

#include "broker/coordinator/group/consumer/reconcile.h"
#include "broker/coordinator/group/consumer/verbs.h"

namespace milena::coordinator::group::consumer {

// The form of a heartbeat, whoever sends it. INVALID_REQUEST, UNSUPPORTED_ASSIGNOR,
// INVALID_REGULAR_EXPRESSION.
Status check_form(const ConsumerGroupHeartbeat& request, const Settings& settings);

// UNKNOWN_MEMBER_ID
Result<const Member*> known_member(const Group& group, std::string_view member_id);
// UNKNOWN_MEMBER_ID when nobody has this instance id, FENCED_INSTANCE_ID when another has it.
Result<const Member*> known_static_member(const Group& group, std::string_view instance_id,
                                          std::string_view member_id);
// FENCED_MEMBER_EPOCH. The epoch before is good when the answer with the new one may have been
// lost, and so is joining again.
Status check_epoch(const Member& member, GroupEpoch said, const OwnedPartitions& owned);

}  // namespace milena::coordinator::group::consumer
