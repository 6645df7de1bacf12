#include "broker/coordinator/assign/assignor.h"

#include <algorithm>

namespace milena::coordinator {

const AssignableTopic* AssignmentProblem::topic(TopicId id) const {
    const auto found = std::ranges::lower_bound(topics, id, {}, &AssignableTopic::id);
    return found != topics.end() && found->id == id ? &*found : nullptr;
}

bool AssignmentProblem::is_homogeneous() const {
    return std::ranges::all_of(members, [&](const AssignableMember& member) {
        const auto& first = members.front().subscription;
        // Members that subscribe alike mostly share one list.
        return (member.subscription.data() == first.data() &&
                member.subscription.size() == first.size()) ||
               std::ranges::equal(member.subscription, first);
    });
}

const Assignor* find_assignor(std::string_view name) {
    const auto found = std::ranges::find(kAssignors, name, &Assignor::name);
    return found != kAssignors.end() ? &*found : nullptr;
}

}  // namespace milena::coordinator
