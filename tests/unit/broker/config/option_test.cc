#include "broker/config/option.h"

#include "broker/config/value.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::config {
namespace {

constexpr Scope kScopes[] = {Scope::Broker, Scope::Topic, Scope::Group, Scope::ClientMetrics};

TEST(OptionTable, EveryRowIsComplete) {
    for (const Scope scope : kScopes) {
        for (const Option& option : options(scope)) {
            SCOPED_TRACE(option.name());
            EXPECT_EQ(option.name().find('_'), std::string_view::npos);
            EXPECT_LT(option.name().size(), sizeof option.dotted.text);
            EXPECT_FALSE(option.section.empty());
            EXPECT_TRUE(option.text.ends_with('.')) << option.text;
            EXPECT_NE(option.has(used), option.has(accepted)) << "either used or accepted";
            EXPECT_EQ(find_option(scope, option.name()), &option);
        }
    }
}

TEST(OptionTable, EveryDefaultPassesItsOwnRow) {
    for (const Scope scope : kScopes) {
        for (const Option& option : options(scope)) {
            if (option.fallback.text == nullptr) continue;
            const auto value = parse_value(option, option.fallback.text);
            ASSERT_TRUE(value.has_value()) << value.error().detail;
            EXPECT_EQ(to_text(*value), option.fallback.text) << option.name();
        }
    }
}

TEST(OptionTable, HoldsEveryNameOfKafka) {
    // Kafka 4.2 has 341 settings of brokers, 3 that are only dynamic, 34 of topics with a hidden
    // one, 11 of groups, 3 of client metrics.
    const auto of_kafka = [](Scope scope) {
        std::size_t count = 0;
        for (const Option& option : options(scope)) count += option.has(ours) ? 0 : 1;
        return count;
    };
    EXPECT_EQ(of_kafka(Scope::Broker), 344u);
    EXPECT_EQ(of_kafka(Scope::Topic), 34u);
    EXPECT_EQ(of_kafka(Scope::Group), 11u);
    EXPECT_EQ(of_kafka(Scope::ClientMetrics), 3u);
}

std::string chain_text(std::span<const Ancestor> chain) {
    std::string text;
    for (const Ancestor& link : chain) {
        text += std::string(link.option->name()) + "*" + std::to_string(link.factor) + " ";
    }
    return text;
}

TEST(OptionTable, TopicsInheritFromBrokerSettings) {
    EXPECT_EQ(chain_text(ancestors(*find_option(Scope::Topic, "retention.ms"))),
              "log.retention.ms*1 log.retention.minutes*60000 log.retention.hours*3600000 ");
    EXPECT_EQ(chain_text(ancestors(*find_option(Scope::Topic, "segment.bytes"))),
              "log.segment.bytes*1 ");
    EXPECT_TRUE(ancestors(*find_option(Scope::Topic, "remote.storage.enable")).empty());
}

TEST(OptionTable, WeakerNamesStandInForStrongerOnes) {
    const auto names = [](std::string_view name) {
        return chain_text(synonyms(*find_option(Scope::Broker, name)));
    };
    EXPECT_EQ(names("log.retention.minutes"),
              "log.retention.minutes*60000 log.retention.hours*3600000 ");
    EXPECT_EQ(names("log.flush.interval.ms"),
              "log.flush.interval.ms*1 log.flush.scheduler.interval.ms*1 ");
    EXPECT_EQ(names("log.flush.scheduler.interval.ms"), "log.flush.scheduler.interval.ms*1 ");
    EXPECT_EQ(names("node.id"), "node.id*1 ");
}

TEST(DidYouMean, FindsTheNearestName) {
    struct Case {
        std::string_view wrong;
        std::optional<std::string_view> right;
    };
    const Case cases[] = {
        {"log.segment.byte", "log.segment.bytes"},
        {"log.segmnet.bytes", "log.segment.bytes"},
        {"log_segment_bytes", "log.segment.bytes"},
        {"listener", "listeners"},
        {"num.partition", "num.partitions"},
        {"completely.different.thing", std::nullopt},
        {"", std::nullopt},
    };
    for (const Case& c : cases) EXPECT_EQ(did_you_mean(Scope::Broker, c.wrong), c.right) << c.wrong;
}

}  // namespace
}  // namespace milena::config
