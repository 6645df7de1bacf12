#include "tools/kafka/consumer_groups_options.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

// The first words of the refusal; empty when the command line is good.
std::string refusal(std::vector<std::string_view> arguments) {
    arguments.insert(arguments.end(), {"--bootstrap-server", "x:1"});
    const auto options = Options::parse(consumer_groups_option_specs(), arguments);
    if (!options) return options.error().detail;
    const auto refused = check_consumer_groups_options(*options);
    return refused ? refused->message : "";
}

TEST(ConsumerGroupsOptions, TakeOneActionWithWhatItNeeds) {
    const std::vector<std::vector<std::string_view>> good = {
        {"--list"},
        {"--list", "--state"},
        {"--list", "--state", "stable,empty"},
        {"--describe", "--group", "g"},
        {"--describe", "--all-groups", "--members"},
        {"--delete", "--group", "g"},
        {"--delete-offsets", "--group", "g", "--topic", "t"},
        {"--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest"},
        {"--reset-offsets", "--group", "g", "--from-file", "f", "--execute"},
        {"--reset-offsets", "--all-groups", "--all-topics", "--shift-by", "-3"},
    };
    for (const auto& line : good) EXPECT_EQ(refusal(line), "") << line[0];
    const std::vector<std::vector<std::string_view>> bad = {
        {},
        {"--list", "--describe"},
        {"--describe"},
        {"--describe", "--group", "g", "--all-groups"},
        {"--describe", "--group", "g", "--members", "--offsets"},
        {"--describe", "--group", "g", "--state", "stable"},
        {"--delete"},
        {"--delete", "--group", "g", "--topic", "t"},
        {"--delete-offsets", "--group", "g"},
        {"--reset-offsets", "--group", "g", "--topic", "t"},
        {"--reset-offsets", "--group", "g", "--to-earliest"},
        {"--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest", "--to-latest"},
        {"--reset-offsets", "--group", "g", "--topic", "t", "--to-latest", "--execute",
         "--dry-run"},
    };
    for (const auto& line : bad) EXPECT_NE(refusal(line), "") << ::testing::PrintToString(line);
}

TEST(ConsumerGroupsOptions, TopicsMayNamePartitions) {
    const std::vector<std::string> arguments = {"all", "some:0,2"};
    const auto parsed = parse_topic_partitions(arguments);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->at("all").empty());
    EXPECT_EQ(parsed->at("some"), (std::vector{PartitionIndex(0), PartitionIndex(2)}));
    for (const std::string wrong : {"t:", "t:x", "t:1,", "t:-1"}) {
        EXPECT_FALSE(parse_topic_partitions(std::span(&wrong, 1))) << wrong;
    }
}

TEST(ConsumerGroupsOptions, FilesHoldOffsetsOfOneGroupOrOfSeveral) {
    const auto one = parse_offsets_csv("t,0,5\r\nt,1,6\n", {"g"});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->at("g").at({"t", PartitionIndex(1)}).offset, Offset(6));
    const auto two = parse_offsets_csv("a,t,0,5\nb,t,0,7\n", {"a", "b"});
    ASSERT_TRUE(two);
    EXPECT_EQ(two->at("b").at({"t", PartitionIndex(0)}).offset, Offset(7));
    for (const auto* wrong : {"t,0", "t,x,1", "t,0,x"}) {
        EXPECT_FALSE(parse_offsets_csv(wrong, {"g"})) << wrong;
    }
    EXPECT_FALSE(parse_offsets_csv("t,0,1", {"a", "b"})) << "whose?";
}

}  // namespace
}  // namespace milena::kafka_tools
