#include "broker/coordinator/assign/assignor.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace milena::coordinator {

namespace {

// How one topic is cut into runs, in the order of its subscribers.
struct Cut {
    std::uint32_t partitions = 0;
    std::uint32_t subscribers = 0;
    std::uint32_t next = 0;    // first partition that nobody has yet
    std::uint32_t served = 0;  // subscribers that have their run

    // The first subscribers get one more, until the remainder is used up.
    std::uint32_t next_run() const {
        return partitions / subscribers + (served < partitions % subscribers ? 1 : 0);
    }
};

// Static members first, by instance id, so that a restart under a new member id changes nothing.
std::vector<std::size_t> serving_order(const AssignmentProblem& problem) {
    std::vector<std::size_t> order(problem.members.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) {
        const AssignableMember& member = problem.members[i];
        return std::pair(!member.instance_id.has_value(),
                         member.instance_id.value_or(std::string_view{}));
    });
    return order;
}

}  // namespace

GroupAssignment assign_range(const AssignmentProblem& problem) {
    std::vector<Cut> cuts(problem.topics.size());
    const auto cut_of = [&](TopicId id) -> Cut* {
        const AssignableTopic* topic = problem.topic(id);
        return topic ? &cuts[static_cast<std::size_t>(topic - problem.topics.data())] : nullptr;
    };
    for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i].partitions = problem.topics[i].partitions;
    for (const AssignableMember& member : problem.members)
        for (const TopicId id : member.subscription)
            if (Cut* cut = cut_of(id)) ++cut->subscribers;

    GroupAssignment result(problem.members.size());
    for (const std::size_t i : serving_order(problem)) {
        for (const TopicId id : problem.members[i].subscription) {
            Cut* cut = cut_of(id);
            if (!cut) continue;
            const std::uint32_t end = cut->next + cut->next_run();
            ++cut->served;
            for (; cut->next < end; ++cut->next)
                result[i].append({id, PartitionIndex(static_cast<std::int32_t>(cut->next))});
        }
    }
    return result;
}

}  // namespace milena::coordinator
