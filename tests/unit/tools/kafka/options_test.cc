#include "tools/kafka/options.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

constexpr OptionSpec kSpecs[] = {
    {"list", Takes::nothing, "", "a flag"},
    {"topic", Takes::a_value, "String: topic", "a text"},
    {"partitions", Takes::a_value, "Integer", "a number"},
    {"compression-codec", Takes::an_optional_value, "String: codec", "a codec"},
};

Result<Options> parse(std::vector<std::string_view> arguments) {
    return Options::parse(kSpecs, arguments);
}

// The messages are those that Kafka 4.2's tools print.
TEST(KafkaOptions, RefusesAsKafkaDoes) {
    const std::pair<std::vector<std::string_view>, std::string_view> cases[] = {
        {{"--foo"}, "foo is not a recognized option"},
        {{"--foo=1"}, "foo is not a recognized option"},
        {{"--top", "a"}, "top is not a recognized option"},
        {{"-xyz"}, "x is not a recognized option"},
        {{"--topic"}, "Option topic requires an argument"},
    };
    for (const auto& [arguments, message] : cases) {
        const auto options = parse(arguments);
        ASSERT_FALSE(options.has_value()) << arguments[0];
        EXPECT_EQ(options.error().detail, message);
    }
}

TEST(KafkaOptions, TakesValuesInEveryForm) {
    for (const auto& arguments :
         std::vector<std::vector<std::string_view>>{{"--topic", "a"},
                                                    {"--topic=a"},
                                                    {"-topic", "a"},
                                                    {"-topic=a"},
                                                    {"stray", "--topic", "a", "stray"}}) {
        const auto options = parse(arguments);
        ASSERT_TRUE(options.has_value()) << options.error().detail;
        EXPECT_EQ(options->value("topic").value(), "a");
    }
    EXPECT_EQ(parse({"--topic="})->value("topic").value(), "");
    EXPECT_EQ(parse({"--topic", "--list"})->value("topic").value(), "--list");
    EXPECT_FALSE(parse({"--topic", "--list"})->has("list"));
    EXPECT_EQ(parse({"--topic=a=b"})->value("topic").value(), "a=b");
}

TEST(KafkaOptions, DoubleDashEndsTheOptions) {
    const auto options = parse({"--", "--list"});
    ASSERT_TRUE(options.has_value());
    EXPECT_FALSE(options->has("list"));
}

TEST(KafkaOptions, OptionalValueIsTakenUnlessAnOptionFollows) {
    EXPECT_EQ(parse({"--compression-codec", "lz4"})->value("compression-codec").value(), "lz4");
    for (const auto& options :
         {parse({"--compression-codec"}), parse({"--compression-codec", "--list"})}) {
        ASSERT_TRUE(options.has_value());
        EXPECT_TRUE(options->has("compression-codec"));
        EXPECT_FALSE(options->value("compression-codec")->has_value());
    }
    EXPECT_TRUE(parse({"--compression-codec", "--list"})->has("list"));
}

TEST(KafkaOptions, OneValueIsWantedAndTwoAreRefused) {
    const auto options = parse({"--topic", "a", "--topic", "b"});
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->values("topic"), (std::vector<std::string>{"a", "b"}));
    const auto value = options->value("topic");
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().detail,
              "Found multiple arguments for option topic, but you asked for only one");
}

TEST(KafkaOptions, NumbersAreCheckedWhenTheyAreRead) {
    EXPECT_EQ(parse({"--partitions", "3"})->int32("partitions").value(), 3);
    EXPECT_EQ(parse({"--partitions", "+3"})->int32("partitions").value(), 3);
    EXPECT_EQ(parse({"--partitions", "-3"})->int32("partitions").value(), -3);
    EXPECT_EQ(parse({"--list"})->int32("partitions").value(), std::nullopt);
    for (const std::string_view bad : {"x", "3x", "", "3.0", "2147483648"}) {
        const auto number = parse({"--partitions", bad})->int32("partitions");
        ASSERT_FALSE(number.has_value()) << bad;
        EXPECT_EQ(number.error().detail,
                  "Cannot parse argument '" + std::string(bad) + "' of option partitions");
    }
    EXPECT_EQ(parse({"--partitions", "2147483648"})->int64("partitions").value(), 2147483648LL);
}

TEST(KafkaOptions, PropertiesMayLackAValueAndLaterOnesWin) {
    Properties properties;
    add_properties(properties, std::vector<std::string>{"a=1", "b", "c=x=y", "a=2"});
    EXPECT_EQ(properties, (Properties{{"a", "2"}, {"b", ""}, {"c", "x=y"}}));
}

TEST(KafkaOptions, UsageListsEveryOptionSorted) {
    const auto text = usage(kSpecs);
    const auto codec = text.find("--compression-codec [String: codec]");
    const auto list = text.find("--list ");
    const auto topic = text.find("--topic <String: topic>");
    ASSERT_NE(codec, std::string::npos) << text;
    EXPECT_LT(codec, list);
    EXPECT_LT(list, topic);
    EXPECT_NE(topic, std::string::npos);
}

}  // namespace
}  // namespace milena::kafka_tools
