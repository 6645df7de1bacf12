#include "broker/coordinator/assign/assignor.h"

#include "protocol/base/random.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace milena::coordinator {
namespace {

TopicId topic_id(std::uint64_t n) {
    return TopicId(Uuid{1, 100 + n});
}

// A group that owns what AssignmentProblem only names.
struct Group {
    struct Member {
        std::string id;
        std::optional<std::string> instance_id;
        std::vector<TopicId> subscription;
        PartitionSet target;
    };
    std::vector<AssignableTopic> topics;
    std::vector<Member> members;

    void add_topic(std::uint64_t n, std::uint32_t partitions) {
        topics.push_back({topic_id(n), partitions});
        std::ranges::sort(topics, {}, &AssignableTopic::id);
    }
    void add_member(std::string id, std::vector<TopicId> subscription) {
        std::ranges::sort(subscription);
        members.push_back({std::move(id), {}, std::move(subscription), {}});
        std::ranges::sort(members, {}, &Member::id);
    }
    AssignmentProblem problem() const {
        AssignmentProblem problem{topics, {}};
        for (const Member& m : members)
            problem.members.push_back({m.id, m.instance_id, m.subscription, &m.target});
        return problem;
    }
    // Returns how many partitions changed hands among members that were there before.
    std::size_t run(const Assignor& assignor) {
        const GroupAssignment next = assignor.assign(problem());
        std::size_t moved = 0;
        for (std::size_t i = 0; i < members.size(); ++i) {
            moved += (members[i].target - next[i]).size();
            members[i].target = next[i];
        }
        return moved;
    }
    std::vector<std::size_t> loads() const {
        std::vector<std::size_t> result;
        for (const Member& m : members) result.push_back(m.target.size());
        return result;
    }
};

void expect_promises(const Group& group, bool is_uniform) {
    std::map<TopicIdPartition, std::size_t> owners;
    for (std::size_t i = 0; i < group.members.size(); ++i)
        for (const TopicIdPartition& item : group.members[i].target) {
            EXPECT_TRUE(owners.emplace(item, i).second) << "two owners";
            EXPECT_TRUE(std::ranges::binary_search(group.members[i].subscription, item.topic));
        }
    std::size_t expected = 0;
    for (const AssignableTopic& topic : group.topics) {
        std::vector<std::size_t> subscribers;
        for (std::size_t i = 0; i < group.members.size(); ++i)
            if (std::ranges::binary_search(group.members[i].subscription, topic.id))
                subscribers.push_back(i);
        if (subscribers.empty()) continue;
        expected += topic.partitions;
        std::map<std::size_t, std::size_t> of_topic;
        for (const std::size_t i : subscribers) of_topic[i] = 0;
        for (const auto& [item, owner] : owners)
            if (item.topic == topic.id) ++of_topic[owner];
        const auto loads = group.loads();
        for (const auto& [a, count_a] : of_topic)
            for (const auto& [b, count_b] : of_topic) {
                if (is_uniform && count_a > 0) {
                    EXPECT_LE(loads[a], loads[b] + 1);
                }
                if (!is_uniform) {
                    EXPECT_LE(count_a, count_b + 1);
                }
            }
    }
    EXPECT_EQ(owners.size(), expected) << "not complete";
}

TEST(UniformAssignor, DealsThePartitionsOfATopicInTurn) {
    Group group;
    group.add_topic(1, 3);
    group.add_topic(3, 2);
    group.add_member("A", {topic_id(1), topic_id(3)});
    group.add_member("B", {topic_id(1), topic_id(3)});
    group.run(*find_assignor("uniform"));
    EXPECT_EQ(group.members[0].target, (PartitionSet{{topic_id(1), PartitionIndex(0)},
                                                     {topic_id(1), PartitionIndex(2)},
                                                     {topic_id(3), PartitionIndex(1)}}));
    EXPECT_EQ(group.members[1].target,
              (PartitionSet{{topic_id(1), PartitionIndex(1)}, {topic_id(3), PartitionIndex(0)}}));
}

TEST(UniformAssignor, MovesOnlyWhatANewMemberGets) {
    Group group;
    group.add_topic(1, 100);
    for (int i = 0; i < 4; ++i) group.add_member("m" + std::to_string(i), {topic_id(1)});
    group.run(*find_assignor("uniform"));
    group.add_member("m9", {topic_id(1)});
    EXPECT_EQ(group.run(*find_assignor("uniform")), 20U);
    EXPECT_EQ(group.loads(), (std::vector<std::size_t>{20, 20, 20, 20, 20}));
}

TEST(UniformAssignor, MovesNothingOfOthersWhenAMemberLeaves) {
    Group group;
    group.add_topic(1, 100);
    for (int i = 0; i < 5; ++i) group.add_member("m" + std::to_string(i), {topic_id(1)});
    group.run(*find_assignor("uniform"));
    group.members.erase(group.members.begin() + 2);
    EXPECT_EQ(group.run(*find_assignor("uniform")), 0U);
    EXPECT_EQ(group.loads(), (std::vector<std::size_t>{25, 25, 25, 25}));
}

TEST(UniformAssignor, AnExtraPartitionStaysWithItsOwner) {
    Group group;
    group.add_topic(1, 4);
    group.add_member("A", {topic_id(1)});
    group.add_member("B", {topic_id(1)});
    group.add_member("C", {topic_id(1)});
    group.members[2].target = {{topic_id(1), PartitionIndex(0)}, {topic_id(1), PartitionIndex(3)}};
    group.members[0].target = {{topic_id(1), PartitionIndex(1)}};
    group.members[1].target = {{topic_id(1), PartitionIndex(2)}};
    EXPECT_EQ(group.run(*find_assignor("uniform")), 0U);
    EXPECT_EQ(group.loads(), (std::vector<std::size_t>{1, 1, 2}));
}

TEST(UniformAssignor, BalancesOverDifferentSubscriptions) {
    Group group;
    group.add_topic(1, 10);
    group.add_topic(2, 10);
    group.add_member("both", {topic_id(1), topic_id(2)});
    group.add_member("one", {topic_id(1)});
    group.run(*find_assignor("uniform"));
    EXPECT_EQ(group.loads(), (std::vector<std::size_t>{10, 10}));
    expect_promises(group, true);
}

TEST(RangeAssignor, GivesTheFirstMembersTheLongerRuns) {
    Group group;
    group.add_topic(1, 5);
    group.add_topic(2, 2);
    for (const char* id : {"A", "B", "C"}) group.add_member(id, {topic_id(1), topic_id(2)});
    group.run(*find_assignor("range"));
    EXPECT_EQ(group.members[0].target, (PartitionSet{{topic_id(1), PartitionIndex(0)},
                                                     {topic_id(1), PartitionIndex(1)},
                                                     {topic_id(2), PartitionIndex(0)}}));
    EXPECT_EQ(group.members[1].target, (PartitionSet{{topic_id(1), PartitionIndex(2)},
                                                     {topic_id(1), PartitionIndex(3)},
                                                     {topic_id(2), PartitionIndex(1)}}));
    EXPECT_EQ(group.members[2].target, (PartitionSet{{topic_id(1), PartitionIndex(4)}}));
}

TEST(RangeAssignor, ServesStaticMembersFirstByInstanceId) {
    Group group;
    group.add_topic(1, 3);
    for (const char* id : {"A", "B", "C"}) group.add_member(id, {topic_id(1)});
    group.members[1].instance_id = "z";
    group.members[2].instance_id = "y";
    group.run(*find_assignor("range"));
    EXPECT_EQ(group.members[2].target, (PartitionSet{{topic_id(1), PartitionIndex(0)}}));
    EXPECT_EQ(group.members[1].target, (PartitionSet{{topic_id(1), PartitionIndex(1)}}));
    EXPECT_EQ(group.members[0].target, (PartitionSet{{topic_id(1), PartitionIndex(2)}}));
}

TEST(Assignors, AnUnknownTopicIsPassedOver) {
    for (const Assignor& assignor : kAssignors) {
        Group group;
        group.add_topic(1, 2);
        group.add_member("A", {topic_id(1), topic_id(7)});
        group.members[0].target = {{topic_id(7), PartitionIndex(0)},
                                   {topic_id(1), PartitionIndex(9)}};
        group.run(assignor);
        EXPECT_EQ(group.loads(), (std::vector<std::size_t>{2})) << assignor.name;
    }
}

// One random change of membership, subscriptions or topics.
void change(Group& group, Random& random, bool is_alike, int step) {
    std::vector<TopicId> all;
    for (const AssignableTopic& topic : group.topics) all.push_back(topic.id);
    const auto subscription = [&] {
        if (is_alike) return all;
        std::vector<TopicId> some;
        for (const TopicId id : all)
            if (random.below(2) == 0) some.push_back(id);
        return some;
    };
    switch (random.below(4)) {
        case 0:
            if (!group.members.empty())
                group.members.erase(
                    group.members.begin() +
                    static_cast<std::ptrdiff_t>(random.below(group.members.size())));
            break;
        case 1:
            if (!group.topics.empty()) {
                AssignableTopic& topic = group.topics[random.below(group.topics.size())];
                topic.partitions = static_cast<std::uint32_t>(random.below(12));
            }
            break;
        default:
            group.add_member("m" + std::to_string(random.below(1000)) + "-" + std::to_string(step),
                             subscription());
    }
}

TEST(Assignors, KeepTheirPromisesOverRandomChanges) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        const Assignor& assignor = kAssignors[seed % 2];
        const bool is_alike = seed % 4 < 2;
        Group group;
        for (std::uint64_t t = 0; t < 1 + seed % 6; ++t)
            group.add_topic(t, static_cast<std::uint32_t>(random.below(20)));
        for (int step = 0; step < 25; ++step) {
            change(group, random, is_alike, step);
            const Group before = group;
            group.run(assignor);
            expect_promises(group, assignor.name == "uniform");
            // The same question again changes nothing, and the same input gives the same answer.
            Group again = before;
            again.run(assignor);
            EXPECT_EQ(group.run(assignor), 0U) << "moved without a reason";
            for (std::size_t i = 0; i < group.members.size(); ++i)
                EXPECT_EQ(again.members[i].target, group.members[i].target);
            if (HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace milena::coordinator
