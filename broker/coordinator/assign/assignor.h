// Who of a group gets which partitions. Two server-side assignors (KIP-848), pure functions:
//   range    every member gets a run of each topic's partitions; not sticky; members with instance
//            ids first, so that a static group keeps its runs over restarts
//   uniform  partitions spread evenly, and each member keeps what it had as far as that allows
// Neither looks at racks, as in Kafka since 4.0. The result depends on nothing but the input.
//
// Promises of both (tests/unit/broker/coordinator/assign):
//   Complete   each partition of a topic that somebody subscribes to has an owner
//   Exclusive  it has one
//   Subscribed its owner subscribes to the topic
//   Balanced   uniform: no partition can move so that the two members' loads come closer by more
//              than it takes; range: within each topic, loads differ by at most one
#pragma once

#include "broker/coordinator/assign/partition_set.h"
#include "protocol/base/ids.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace milena::coordinator {

struct AssignableTopic {
    TopicId id;
    std::uint32_t partitions = 0;
};

// Everything it names outlives the call.
struct AssignableMember {
    std::string_view id;
    std::optional<std::string_view> instance_id;
    std::span<const TopicId> subscription;   // ascending; unknown topics are passed over
    const PartitionSet* previous = nullptr;  // its target until now; nullptr: nothing
};

struct AssignmentProblem {
    std::vector<AssignableTopic> topics;    // ascending by id
    std::vector<AssignableMember> members;  // ascending by id

    const AssignableTopic* topic(TopicId id) const;
    // Do all members subscribe to the same topics?
    bool is_homogeneous() const;
};

// Position is that of the member.
using GroupAssignment = std::vector<PartitionSet>;

GroupAssignment assign_range(const AssignmentProblem& problem);
GroupAssignment assign_uniform(const AssignmentProblem& problem);

struct Assignor {
    std::string_view name;
    GroupAssignment (*assign)(const AssignmentProblem&);
};

// The ones there are, by the names of group.consumer.assignors.
inline constexpr std::array<Assignor, 2> kAssignors{
    {{"uniform", assign_uniform}, {"range", assign_range}}};

// nullptr: no such assignor.
const Assignor* find_assignor(std::string_view name);

}  // namespace milena::coordinator
