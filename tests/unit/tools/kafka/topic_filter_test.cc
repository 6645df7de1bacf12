#include "tools/kafka/topic_filter.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

TEST(TopicFilter, ReadsAListAsKafkaTopicsDoes) {
    const std::tuple<std::string_view, std::string_view, bool> cases[] = {
        {"a", "a", true},       {"a", "ab", false},    {"a.*", "abc", true},   {"a,b", "b", true},
        {" a , b ", "b", true}, {"'a'", "a", true},    {"\"a|b\"", "b", true}, {"", "", true},
        {"", "a", false},       {"[ab]c", "bc", true}, {"a.c", "a.c", true},   {"a-b", "a-b", true},
    };
    for (const auto& [text, topic, expected] : cases) {
        const auto filter = TopicFilter::from_list(text);
        ASSERT_TRUE(filter.has_value()) << text;
        EXPECT_EQ(filter->matches(topic), expected) << text << " on " << topic;
    }
}

TEST(TopicFilter, APatternIsTakenAsItIs) {
    EXPECT_FALSE(TopicFilter::from_pattern("a,b")->matches("a"));
    EXPECT_TRUE(TopicFilter::from_pattern("a|b")->matches("b"));
    EXPECT_FALSE(TopicFilter::from_pattern("a")->matches("xa"));
}

TEST(TopicFilter, RefusesWhatIsNoExpression) {
    const auto filter = TopicFilter::from_list("a(");
    ASSERT_FALSE(filter.has_value());
    EXPECT_EQ(filter.error().detail, "a( is an invalid regex.");
}

TEST(TopicFilter, KnowsKafkasOwnTopics) {
    EXPECT_TRUE(is_internal_topic("__consumer_offsets"));
    EXPECT_TRUE(is_internal_topic("__transaction_state"));
    EXPECT_FALSE(is_internal_topic("__mine"));
}

}  // namespace
}  // namespace milena::kafka_tools
