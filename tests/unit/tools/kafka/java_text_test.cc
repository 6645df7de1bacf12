#include "tools/kafka/java_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

TEST(JavaText, WritesFloatingPointNumbersAsJavaDoes) {
    const std::pair<double, std::string_view> cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-2.5, "-2.5"},
        {100, "100.0"},
        {1234567, "1234567.0"},
        {9999999, "9999999.0"},
        {1e7, "1.0E7"},
        {1.5e10, "1.5E10"},
        {0.001, "0.001"},
        {0.00099, "9.9E-4"},
        {0.1, "0.1"},
        {123.456, "123.456"},
        {1e300, "1.0E300"},
        {4.9e-324, "5.0E-324"},
        {std::numeric_limits<double>::infinity(), "Infinity"},
        {-std::numeric_limits<double>::infinity(), "-Infinity"},
        {std::numeric_limits<double>::quiet_NaN(), "NaN"},
    };
    for (const auto& [value, text] : cases) EXPECT_EQ(java_double(value), text);
    EXPECT_EQ(java_float(0.1f), "0.1");
    EXPECT_EQ(java_float(16777216.0f), "1.6777216E7");
}

TEST(JavaText, OnlyTheWordTrueIsTrue) {
    for (const auto* text : {"true", "TRUE", " True\t"}) EXPECT_TRUE(java_true(text)) << text;
    for (const auto* text : {"", "yes", "1", "truee", "false"}) {
        EXPECT_FALSE(java_true(text)) << text;
    }
}

// The order was seen in the output of Kafka 4.2's kafka-topics --describe for __consumer_offsets.
TEST(JavaText, GivesKeysInTheOrderOfAJavaMap) {
    const std::vector<std::string> keys = {"cleanup.policy", "compression.type",
                                           "min.insync.replicas", "segment.bytes"};
    std::vector<std::string> all = keys;
    for (int i = 0; i < 29; ++i) all.push_back("filler." + std::to_string(i));  // table of 64
    std::string order;
    for (const auto index : java_map_order(all)) {
        if (index < keys.size()) order += all[index] + " ";
    }
    EXPECT_EQ(order, "compression.type min.insync.replicas cleanup.policy segment.bytes ");
    EXPECT_TRUE(java_map_order({}).empty());
    const std::vector<std::string> topics = {"__consumer_offsets", "cfgprobe", "tools-a",
                                             "tools-b.x_y", "tools-nonono"};
    EXPECT_EQ(java_map_order(topics, topics.size()), (std::vector<std::size_t>{3, 2, 0, 1, 4}));
}

}  // namespace
}  // namespace milena::kafka_tools
