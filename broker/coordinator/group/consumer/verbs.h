// What a consumer group is asked: the family of verbs that group::Machine hands over, and what the
// other families need to know of a consumer group. The verbs themselves are declared in
// broker/coordinator/group/verbs.h.
// Source: group-coordinator/.../GroupMetadataManager.java.
#pragma once

#include "broker/coordinator/group/consumer/state.h"
#include "broker/coordinator/group/deciding.h"

#include <set>
#include <span>
#include <string>
#include <string_view>

namespace milena::coordinator::group::consumer {

// A member was not heard of, did not give up its partitions, join again, or sync in time.
void timer_fired(Deciding& deciding, const Group& group, const TimerName& timer);
// After a load: every member has its full time again.
void begin_sessions(Deciding& deciding, const Group& group);

// Removes these members of the group and gives it a new epoch; what they had is free.
void fence(Deciding& deciding, const Group& group, std::span<const std::string> member_ids);

void cancel_timers(Deciding& deciding, std::string_view group_id, std::string_view member_id);

// May this member commit, or fetch positions (absent id: anybody may)? STALE_MEMBER_EPOCH,
// UNKNOWN_MEMBER_ID, UNSUPPORTED_VERSION; ILLEGAL_GENERATION to one of the classic protocol.
Status check_commit(const Group& group, const MemberClaim& claim, bool supports_member_epoch);
Status check_transactional_commit(const Group& group, const MemberClaim& claim);
Status check_fetch(const Group& group, const std::optional<std::string>& member_id,
                   std::int32_t member_epoch);

// Including what its regular expressions match.
std::set<std::string, std::less<>> subscribed_topics(const Group& group);
// "Stable"
std::string_view state_name(GroupState state);

// The group's own setting within the broker's bounds, else the broker's.
Millis session_timeout(const Deciding& deciding, std::string_view group_id);
Millis heartbeat_interval(const Deciding& deciding, std::string_view group_id);

}  // namespace milena::coordinator::group::consumer
