#include "tools/client/range_assignment.h"

#include <gtest/gtest.h>

namespace milena::client {
namespace {

// "a: t:0,1 u:0; b: ..."
std::string shown(const std::map<std::string, TopicPartitions>& assignment) {
    std::string out;
    for (const auto& [member, topics] : assignment) {
        out += (out.empty() ? "" : "; ") + member + ":";
        for (const auto& [topic, partitions] : topics) {
            out += " " + topic + ":";
            for (std::size_t i = 0; i < partitions.size(); ++i) {
                out += (i == 0 ? "" : ",") + std::to_string(partitions[i].value());
            }
        }
    }
    return out;
}

TEST(RangeAssignment, GivesEachMemberARangeOfEachOfItsTopics) {
    struct Row {
        std::vector<Subscriber> subscribers;
        PartitionCounts counts;
        const char* expected;
    };
    const Row rows[] = {
        {{{"a", {}, {"t"}}}, {{"t", 3}}, "a: t:0,1,2"},
        {{{"b", {}, {"t"}}, {"a", {}, {"t"}}}, {{"t", 3}}, "a: t:0,1; b: t:2"},
        {{{"a", {}, {"t", "u"}}, {"b", {}, {"t", "u"}}},
         {{"t", 3}, {"u", 3}},
         "a: t:0,1 u:0,1; b: t:2 u:2"},
        {{{"a", {}, {"t"}}, {"b", {}, {"t", "u"}}}, {{"t", 2}, {"u", 2}}, "a: t:0; b: t:1 u:0,1"},
        {{{"a", {}, {"t"}}, {"b", {}, {"t"}}, {"c", {}, {"t"}}}, {{"t", 2}}, "a: t:0; b: t:1; c:"},
        {{{"a", {}, {"gone"}}}, {{"t", 2}}, "a:"},
        // Static members come first, in the order of their instances.
        {{{"a", {}, {"t"}}, {"y", "i2", {"t"}}, {"z", "i1", {"t"}}},
         {{"t", 4}},
         "a: t:3; y: t:2; z: t:0,1"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(shown(assign_ranges(row.subscribers, row.counts)), row.expected);
    }
}

TEST(RangeAssignment, TellsAndIsToldInTheBytesOfTheConsumerProtocol) {
    const auto topics = subscribed_topics(subscription_bytes({"t", "u"}));
    ASSERT_TRUE(topics);
    EXPECT_EQ(*topics, (std::vector<std::string>{"t", "u"}));

    const TopicPartitions given = {{"t", {PartitionIndex(0), PartitionIndex(4)}},
                                   {"u", {PartitionIndex(1)}}};
    const auto told = assigned_partitions(assignment_bytes(given));
    ASSERT_TRUE(told);
    EXPECT_EQ(*told, given);
    EXPECT_TRUE(assigned_partitions({})->empty()) << "a member that got nothing";
    const std::uint8_t broken[] = {0, 1, 9};
    EXPECT_FALSE(assigned_partitions(ByteView(broken)));
}

}  // namespace
}  // namespace milena::client
