// The groups and positions of one partition of __consumer_offsets: what the fold of its log is,
// and who waits for what.
//
// Who commits positions without being a member makes a "simple" group: there is no record of it, it
// is there as long as it has positions, committed or pending.
//
// Invariants (check_invariants names the first that is broken), besides those of groups and
// offsets:
//   OffsetsHaveGroup     a group that has positions, committed or pending, exists
//   SimpleHasOffsets     a group without a record has positions, and no members
#pragma once

#include "broker/coordinator/group/classic_group.h"
#include "broker/coordinator/group/consumer/state.h"
#include "broker/coordinator/group/offsets.h"

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace milena::coordinator::group {

using Group = std::variant<ClassicGroup, ConsumerGroup>;

struct State {
    std::map<std::string, Group, std::less<>> groups;
    Offsets offsets;

    // nullptr: no such group, or one of the other kind.
    const Group* group(std::string_view id) const;
    const ClassicGroup* classic(std::string_view id) const;
    const ConsumerGroup* consumer(std::string_view id) const;

    // A simple group comes with its first position and goes with its last.
    void keep_simple_group(std::string_view id);

    // The name of the first invariant that is broken; nullptr when all hold.
    const char* check_invariants() const;
};

}  // namespace milena::coordinator::group
