#include "broker/coordinator/group/consumer/target.h"

#include "broker/coordinator/assign/assignor.h"
#include "broker/coordinator/group/consumer/records.h"

#include <algorithm>
#include <map>

namespace milena::coordinator::group::consumer {

std::string_view preferred_assignor(const Draft& draft, std::span<const std::string> offered) {
    std::map<std::string_view, std::size_t> votes;
    draft.for_each([&](const Member& member) {
        if (member.server_assignor) ++votes[*member.server_assignor];
    });
    // A name that is no longer offered does not count, nor does one that we do not have.
    std::erase_if(votes, [&](const auto& vote) {
        return std::ranges::find(offered, vote.first) == offered.end() ||
               !find_assignor(vote.first);
    });
    const auto most =
        std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    if (most != votes.end()) return most->first;
    for (const std::string& name : offered)
        if (find_assignor(name)) return find_assignor(name)->name;
    return kAssignors.front().name;
}

PartitionSet write_target(KeyedRecords& to, const Draft& draft, const metadata::Image& image,
                          const Subscriptions& subscriptions, std::string_view assignor,
                          GroupEpoch epoch, const Replaced& replaced, std::string_view member_id) {
    const Group& before = draft.before();
    AssignmentProblem problem;
    for (const std::string_view name : subscriptions.names())
        if (const auto* topic = image.topic(name))
            problem.topics.push_back(
                {topic->id, static_cast<std::uint32_t>(topic->partitions.size())});
    std::ranges::sort(problem.topics, {}, &AssignableTopic::id);
    draft.for_each([&](const Member& member) {
        AssignableMember& entry = problem.members.emplace_back();
        entry.id = member.id;
        if (member.instance_id) entry.instance_id = *member.instance_id;
        entry.subscription = subscriptions.by_member()[problem.members.size() - 1];
        const bool is_back = !replaced.before.empty() && member.id == replaced.after;
        entry.previous = &before.target(is_back ? replaced.before : std::string_view(member.id));
    });

    GroupAssignment assignment = find_assignor(assignor)->assign(problem);
    PartitionSet own;
    for (std::size_t i = 0; i < assignment.size(); ++i) {
        const std::string_view id = problem.members[i].id;
        const auto old = before.targets.find(id);
        if (old == before.targets.end() || old->second != assignment[i])
            add_target(to, before.id, id, assignment[i]);
        if (id == member_id) own = std::move(assignment[i]);
    }
    add_assignment_epoch(to, before.id, epoch);
    return own;
}

}  // namespace milena::coordinator::group::consumer
