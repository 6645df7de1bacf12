// A group of the classic protocol: its members agree among themselves who gets what, the broker
// only counts heads, elects a leader and hands its assignment around.
//
// Invariants (check_invariants names the first that is broken):
//   LeaderIsMember       a group with members has a leader, one of them
//   EmptyHasNoMembers    the state empty has no members, completing_rebalance and stable have some
//   StableHasProtocol    completing_rebalance and stable have a protocol that all members support
//   JoinWaitsInPrepare   replies to JoinGroup are owed in preparing_rebalance only
//   SyncWaitsInComplete  replies to SyncGroup are owed in completing_rebalance only
//   StaticIdsMatch       instance ids and the members that have them point at each other
//   OrderIsOfMembers     join_order has every member, and nobody else
//   MembersHaveTheirIds  a member is listed under its id
//   PendingIsNoMember    an id that was given out and has not come back is not a member
//
// Members are shared and never changed in place, so that a copy of a group is cheap: a decision
// works on a copy, and the change that carries it replaces the group.
#pragma once

#include "broker/coordinator/decision.h"
#include "broker/coordinator/group/requests.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace milena::coordinator::group {

// The protocol type of consumers: the broker looks into what its members say.
inline constexpr std::string_view kConsumerProtocolType = "consumer";

enum class ClassicState : std::uint8_t {
    empty,
    preparing_rebalance,
    completing_rebalance,
    stable,
};

std::string_view state_name(ClassicState state);  // "PreparingRebalance"

struct ClassicMember {
    std::string id;
    std::optional<std::string> instance_id;
    Client client;
    Millis rebalance_timeout{0};
    Millis session_timeout{0};
    std::vector<Protocol> protocols;  // after a load: the chosen one alone
    Blob assignment;

    // Not in the log.
    std::optional<ReplyId> join_reply;
    std::optional<ReplyId> sync_reply;
    bool is_new = false;     // its first JoinGroup has not been answered yet
    bool has_synced = true;  // since the last rebalance

    bool awaits() const { return join_reply || sync_reply; }
    const Blob* metadata(std::string_view protocol) const;  // nullptr: not supported

    friend bool operator==(const ClassicMember&, const ClassicMember&) = default;
};

using ClassicMemberPtr = std::shared_ptr<const ClassicMember>;

// How the first rebalance of an empty group waits for more members.
struct InitialDelay {
    Millis remaining{0};  // of the rebalance timeout, after the delay that runs now
    bool member_joined = false;

    friend bool operator==(const InitialDelay&, const InitialDelay&) = default;
};

struct ClassicGroup {
    ClassicState state = ClassicState::empty;
    std::int32_t generation = 0;
    std::optional<std::string> protocol_type;  // absent: only offsets so far ("simple")
    std::optional<std::string> protocol;
    std::optional<std::string> leader;
    TimestampMs state_timestamp = kNoTimestamp;  // when the state was entered
    std::map<std::string, ClassicMemberPtr, std::less<>> members;
    std::map<std::string, std::string, std::less<>> static_members;  // instance id -> member id

    // Members as they came: the first one left is made leader when the leader goes.
    std::vector<std::string> join_order;
    // Is there a record of the group itself? One that only stores positions has none (see state.h).
    bool has_record = false;

    // Not in the log.
    std::set<std::string, std::less<>> pending_members;
    std::optional<InitialDelay> initial_delay;

    const ClassicMember* member(std::string_view id) const;
    // NONE, or what a request of a member that says this of itself is refused with.
    ErrorCode check_member(std::string_view id, const std::optional<std::string>& instance) const;
    bool uses_consumer_protocol() const { return protocol_type == kConsumerProtocolType; }
    // Are all members waiting for the answer to their JoinGroup, and is nobody on the way?
    bool all_have_joined() const;
    bool all_have_synced() const;
    // The longest that a member asks for.
    Millis rebalance_timeout() const;
    // Has each member a protocol of this name?
    bool all_support(std::string_view protocol) const;
    // The protocol that most members vote for, of those that all support: each votes for the first
    // in its list. There is one.
    std::string select_protocol() const;
    // The name of the first invariant that is broken; nullptr when all hold.
    const char* check_invariants() const;
};

// The topics that members subscribe to, absent when that is not known: the group does not use the
// consumer protocol, or a member's subscription does not parse.
std::optional<std::set<std::string, std::less<>>> subscribed_topics(const ClassicGroup& group);

}  // namespace milena::coordinator::group
