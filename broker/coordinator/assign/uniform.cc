// The uniform assignor works on numbers: members and topics by position, partitions counted through
// over all topics. Members that all subscribe alike (nearly every group) take the short way:
// everybody keeps what he had up to his share, the rest is dealt out. Otherwise what is free goes
// to the subscriber that has least, topics with few subscribers first, and then partitions move
// from full to less full members, topic by topic, until none can.
#include "broker/coordinator/assign/assignor.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

namespace milena::coordinator {

namespace {

using MemberPos = std::uint32_t;
constexpr MemberPos kNobody = static_cast<MemberPos>(-1);

// Moving stops after so many walks over all topics: groups settle in two or three.
constexpr int kMaxRounds = 64;

struct Work {
    const AssignmentProblem& problem;
    std::vector<std::vector<MemberPos>> subscribers;  // by topic, ascending
    std::vector<std::size_t> first;                   // by topic: number of its partition 0
    std::vector<MemberPos> owner;                     // by partition
    std::vector<std::uint32_t> load;                  // by member

    explicit Work(const AssignmentProblem& p);

    void give(std::size_t partition, MemberPos member) {
        if (owner[partition] != kNobody) --load[owner[partition]];
        owner[partition] = member;
        ++load[member];
    }
    // Every member keeps what it had of the topics it subscribes to, up to what may_keep allows.
    template <class MayKeep>
    void keep_previous(MayKeep&& may_keep);
    GroupAssignment result() const;
};

Work::Work(const AssignmentProblem& p)
    : problem(p), subscribers(p.topics.size()), load(p.members.size(), 0) {
    for (MemberPos m = 0; m < p.members.size(); ++m)
        for (const TopicId id : p.members[m].subscription)
            if (const AssignableTopic* topic = p.topic(id))
                subscribers[static_cast<std::size_t>(topic - p.topics.data())].push_back(m);
    std::size_t count = 0;
    for (std::size_t t = 0; t < p.topics.size(); ++t) {
        first.push_back(count);
        // Nobody's topics take no part.
        if (!subscribers[t].empty()) count += p.topics[t].partitions;
    }
    first.push_back(count);
    owner.assign(count, kNobody);
}

template <class MayKeep>
void Work::keep_previous(MayKeep&& may_keep) {
    for (MemberPos m = 0; m < problem.members.size(); ++m) {
        if (!problem.members[m].previous) continue;
        problem.members[m].previous->for_each_topic([&](TopicId id, auto items) {
            const AssignableTopic* topic = problem.topic(id);
            if (!topic) return;
            const auto t = static_cast<std::size_t>(topic - problem.topics.data());
            if (!std::ranges::binary_search(subscribers[t], m)) return;
            for (const TopicIdPartition& item : items) {
                const auto index = static_cast<std::size_t>(item.partition.value());
                if (index >= topic->partitions || owner[first[t] + index] != kNobody) continue;
                if (may_keep(m)) give(first[t] + index, m);
            }
        });
    }
}

GroupAssignment Work::result() const {
    GroupAssignment sets(problem.members.size());
    for (MemberPos m = 0; m < sets.size(); ++m) sets[m].reserve(load[m]);
    for (std::size_t t = 0; t < problem.topics.size(); ++t)
        for (std::size_t p = first[t]; p < first[t + 1]; ++p)
            sets[owner[p]].append(
                {problem.topics[t].id, PartitionIndex(static_cast<std::int32_t>(p - first[t]))});
    return sets;
}

void assign_alike(Work& work) {
    const auto members = static_cast<std::uint32_t>(work.load.size());
    const auto share = static_cast<std::uint32_t>(work.owner.size() / members);
    auto extras = static_cast<std::uint32_t>(work.owner.size() % members);
    // Takes one of the extras when the member is at its share already.
    const auto has_room = [&](MemberPos m) {
        if (work.load[m] < share) return true;
        if (work.load[m] > share || extras == 0) return false;
        --extras;
        return true;
    };
    work.keep_previous(has_room);

    // Dealt in turn, so that the partitions of one topic spread over the members.
    std::vector<MemberPos> open(members);
    std::iota(open.begin(), open.end(), MemberPos{0});
    std::size_t turn = 0;
    for (std::size_t p = 0; p < work.owner.size(); ++p) {
        if (work.owner[p] != kNobody) continue;
        for (;;) {
            if (turn >= open.size()) {
                std::erase_if(open, [&](MemberPos m) {
                    return work.load[m] > share || (work.load[m] == share && extras == 0);
                });
                turn = 0;
            }
            const MemberPos m = open[turn++];
            if (!has_room(m)) continue;
            work.give(p, m);
            break;
        }
    }
}

using Load = std::pair<std::uint32_t, MemberPos>;
using LeastFirst = std::priority_queue<Load, std::vector<Load>, std::greater<>>;
using MostFirst = std::priority_queue<Load>;

void assign_free(Work& work) {
    std::vector<std::size_t> order(work.problem.topics.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t t) { return work.subscribers[t].size(); });
    for (const std::size_t t : order) {
        LeastFirst least;
        for (std::size_t p = work.first[t]; p < work.first[t + 1]; ++p) {
            if (work.owner[p] != kNobody) continue;
            if (least.empty())
                for (const MemberPos m : work.subscribers[t]) least.push({work.load[m], m});
            const MemberPos m = least.top().second;
            least.pop();
            work.give(p, m);
            least.push({work.load[m], m});
        }
    }
}

// Moves partitions of one topic until its fullest owner has at most one more than its emptiest
// subscriber. Did any move?
bool level_topic(Work& work, std::size_t t) {
    const auto& subscribers = work.subscribers[t];
    if (work.first[t] == work.first[t + 1]) return false;
    std::uint32_t least_load = static_cast<std::uint32_t>(-1);
    std::uint32_t most_load = 0;
    for (const MemberPos m : subscribers) least_load = std::min(least_load, work.load[m]);
    for (std::size_t p = work.first[t]; p < work.first[t + 1]; ++p)
        most_load = std::max(most_load, work.load[work.owner[p]]);
    if (most_load <= least_load + 1) return false;

    // By member: its partitions of this topic.
    std::vector<std::vector<std::size_t>> owned(work.load.size());
    for (std::size_t p = work.first[t]; p < work.first[t + 1]; ++p)
        owned[work.owner[p]].push_back(p);
    // Entries whose load is no longer true are passed over: the true one is in the queue as well.
    LeastFirst least;
    MostFirst most;
    for (const MemberPos m : subscribers) {
        least.push({work.load[m], m});
        if (!owned[m].empty()) most.push({work.load[m], m});
    }
    bool moved = false;
    while (!most.empty()) {
        const auto [high, from] = most.top();
        if (high != work.load[from] || owned[from].empty()) {
            most.pop();
            continue;
        }
        const auto [low, to] = least.top();
        if (low != work.load[to]) {
            least.pop();
            continue;
        }
        if (high <= low + 1) break;
        const std::size_t partition = owned[from].back();
        owned[from].pop_back();
        owned[to].push_back(partition);
        work.give(partition, to);
        for (const MemberPos m : {from, to}) {
            least.push({work.load[m], m});
            most.push({work.load[m], m});
        }
        moved = true;
    }
    return moved;
}

void assign_each_his_own(Work& work) {
    work.keep_previous([](MemberPos) { return true; });
    assign_free(work);
    for (int round = 0; round < kMaxRounds; ++round) {
        bool moved = false;
        for (std::size_t t = 0; t < work.problem.topics.size(); ++t)
            moved = level_topic(work, t) || moved;
        if (!moved) break;
    }
}

}  // namespace

GroupAssignment assign_uniform(const AssignmentProblem& problem) {
    if (problem.members.empty()) return {};
    Work work(problem);
    if (problem.is_homogeneous())
        assign_alike(work);
    else
        assign_each_his_own(work);
    return work.result();
}

}  // namespace milena::coordinator
