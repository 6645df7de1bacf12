// One group of the consumer protocol (KIP-848): the fold of its records. It may hold members that
// still speak the classic protocol (online migration).
//
// C1 exclusive: a partition is assigned to, or still being revoked from, one member at a time;
//    partition_owners holds exactly these.
// C2 epochs: assignment_epoch <= epoch, and no member is ahead of assignment_epoch. (A member that
//    waits in unrevoked may be anywhere below.)
// C3 revoking: partitions are pending revocation exactly in state unrevoked, and are none of the
//    assigned ones.
// C4 static: static_members holds the members with an instance id, each under its own.
//
// Driven by apply in records.h; the verbs beside it read it and write records.
// Source: group-coordinator/.../modern/consumer/ConsumerGroup.java.
#pragma once

#include "broker/coordinator/assign/partition_set.h"
#include "broker/coordinator/group/requests.h"
#include "protocol/base/strong.h"
#include "protocol/base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace milena::coordinator::group::consumer {

namespace tag {
struct GroupEpoch {
    static constexpr bool ordinal = true;
};
}  // namespace tag

// Counts the changes of a group; members and assignments carry the epoch they have reached.
using GroupEpoch = Strong<tag::GroupEpoch, std::int32_t>;
inline constexpr GroupEpoch kJoinEpoch{0};
inline constexpr GroupEpoch kLeaveEpoch{-1};
inline constexpr GroupEpoch kStaticLeaveEpoch{-2};

// Numbers of Kafka's MemberState.
enum class MemberState : std::int8_t {
    stable = 0,      // holds the target of its epoch
    unrevoked = 1,   // must give up partitions before it may reach the next epoch
    unreleased = 2,  // waits for partitions that others still hold
    unknown = 127,   // written by a newer Kafka
};

// What a member that speaks the classic protocol joined with.
struct ClassicSide {
    Millis session_timeout{0};
    std::vector<Protocol> protocols;  // in order of preference
    friend bool operator==(const ClassicSide&, const ClassicSide&) = default;
};

struct Member {
    std::string id;
    // What it subscribes to: ConsumerGroupMemberMetadata.
    std::optional<std::string> instance_id;
    std::optional<std::string> rack_id;
    Client client;
    std::vector<std::string> topic_names;  // ascending, each once
    std::string topic_regex;               // empty: none
    Millis rebalance_timeout{-1};
    std::optional<std::string> server_assignor;
    std::optional<ClassicSide> classic;
    // Where it stands: ConsumerGroupCurrentMemberAssignment.
    GroupEpoch epoch{0};
    GroupEpoch previous_epoch{0};
    MemberState state = MemberState::stable;
    PartitionSet assigned;
    PartitionSet pending_revocation;

    bool has_left_for_now() const { return epoch == kStaticLeaveEpoch; }
    bool is_reconciled_to(GroupEpoch target) const {
        return state == MemberState::stable && epoch == target;
    }
    friend bool operator==(const Member&, const Member&) = default;
};

struct ResolvedRegex {
    std::vector<std::string> topics;  // ascending
    std::int64_t version = 0;         // end of the metadata it was resolved with
    TimestampMs resolved_at = kNoTimestamp;
    friend bool operator==(const ResolvedRegex&, const ResolvedRegex&) = default;
};

// Kafka's names for them are in describe.h.
enum class GroupState : std::uint8_t { empty, assigning, reconciling, stable };

// Soft: what the group was last compared with. Lost with the leadership, and then done anew.
struct Checked {
    Offset metadata = kNoOffset;        // its end, when metadata_hash was compared
    Offset regex_metadata = kNoOffset;  // its end, when the expressions were matched
    std::optional<MonoTime> regexes_at;
    // Members of the classic protocol that were told to join again, and until when they must.
    std::map<std::string, MonoTime, std::less<>> rejoin_by;

    friend bool operator==(const Checked&, const Checked&) = default;
};

struct Group {
    std::string id;
    GroupEpoch epoch{0};
    std::int64_t metadata_hash = 0;
    GroupEpoch assignment_epoch{0};
    std::map<std::string, Member, std::less<>> members;
    std::map<std::string, PartitionSet, std::less<>> targets;  // by member id
    std::map<std::string, ResolvedRegex, std::less<>> regexes;
    // An old ConsumerGroupPartitionMetadata record stands in the log (written before Kafka 4.1).
    bool has_partition_metadata = false;
    // Derived from the members.
    std::map<std::string, std::string, std::less<>> static_members;  // instance id -> member id
    struct HashPartition {
        std::size_t operator()(const TopicIdPartition& p) const {
            return std::hash<TopicId>{}(p.topic) ^
                   static_cast<std::size_t>(p.partition.value()) * 0x9e3779b97f4a7c15ULL;
        }
    };
    std::unordered_map<TopicIdPartition, std::string, HashPartition> partition_owners;
    Checked checked;

    const Member* member(std::string_view member_id) const;
    const Member* static_member(std::string_view instance_id) const;
    const PartitionSet& target(std::string_view member_id) const;
    GroupState state() const;
};

// The change to soft state.
struct PutChecked {
    std::string group_id;
    Checked checked;
};

// Sorts, and leaves each name once.
void normalize(std::vector<std::string>& names);

// The name of the first invariant that is broken.
std::optional<std::string_view> check_invariants(const Group& group);

// The parts of the state that records hold are the same.
bool same_state(const Group& a, const Group& b);

}  // namespace milena::coordinator::group::consumer

namespace milena::coordinator::group {

using ConsumerGroup = consumer::Group;

}  // namespace milena::coordinator::group
