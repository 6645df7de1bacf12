// The groups and positions of one partition of __consumer_offsets: what the fold of its log is,
// and who waits for what.
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

    // The name of the first invariant that is broken; nullptr when all hold.
    const char* check_invariants() const;
};

}  // namespace milena::coordinator::group
