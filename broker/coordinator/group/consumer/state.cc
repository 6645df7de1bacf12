#include "broker/coordinator/group/consumer/state.h"

#include <algorithm>

namespace milena::coordinator::group::consumer {

const Member* Group::member(std::string_view member_id) const {
    const auto found = members.find(member_id);
    return found != members.end() ? &found->second : nullptr;
}

const Member* Group::static_member(std::string_view instance_id) const {
    const auto found = static_members.find(instance_id);
    return found != static_members.end() ? member(found->second) : nullptr;
}

const PartitionSet& Group::target(std::string_view member_id) const {
    static const PartitionSet nothing;
    const auto found = targets.find(member_id);
    return found != targets.end() ? found->second : nothing;
}

GroupState Group::state() const {
    if (members.empty()) return GroupState::empty;
    if (epoch > assignment_epoch) return GroupState::assigning;
    const bool is_stable = std::ranges::all_of(members, [&](const auto& entry) {
        return entry.second.is_reconciled_to(assignment_epoch);
    });
    return is_stable ? GroupState::stable : GroupState::reconciling;
}

void normalize(std::vector<std::string>& names) {
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
}

std::optional<std::string_view> check_invariants(const Group& group) {
    std::size_t held = 0;
    std::size_t with_instance = 0;
    for (const auto& [id, member] : group.members) {
        for (const PartitionSet* set : {&member.assigned, &member.pending_revocation}) {
            held += set->size();
            for (const TopicIdPartition& item : *set) {
                const auto owner = group.partition_owners.find(item);
                if (owner == group.partition_owners.end() || owner->second != id)
                    return "C1 exclusive";
            }
        }
        if (member.epoch > group.assignment_epoch) return "C2 epochs";
        if ((member.state == MemberState::unrevoked) == member.pending_revocation.empty() ||
            !(member.assigned & member.pending_revocation).empty())
            return "C3 revoking";
        if (!member.instance_id) continue;
        ++with_instance;
        const auto found = group.static_members.find(*member.instance_id);
        if (found == group.static_members.end() || found->second != id) return "C4 static";
    }
    if (held != group.partition_owners.size()) return "C1 exclusive";
    if (with_instance != group.static_members.size()) return "C4 static";
    if (group.assignment_epoch > group.epoch) return "C2 epochs";
    return std::nullopt;
}

bool same_state(const Group& a, const Group& b) {
    return a.id == b.id && a.epoch == b.epoch && a.metadata_hash == b.metadata_hash &&
           a.assignment_epoch == b.assignment_epoch && a.members == b.members &&
           a.targets == b.targets && a.regexes == b.regexes &&
           a.has_partition_metadata == b.has_partition_metadata &&
           a.static_members == b.static_members && a.partition_owners == b.partition_owners;
}

}  // namespace milena::coordinator::group::consumer
