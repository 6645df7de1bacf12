#include "broker/config/scoped.h"

#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

Settings broker_with(std::string_view text) {
    auto settings = Settings::from(*parse_properties(text, "f"), "h");
    EXPECT_TRUE(settings.has_value()) << settings.error().detail;
    return std::move(*settings);
}

TEST(TopicValues, RetentionComesFromTheStrongestNameThatIsSet) {
    struct Case {
        std::string_view broker;
        ConfigMap own;
        Millis want;
    };
    const Case cases[] = {
        {"", {}, hours(168)},
        {"log.retention.hours=24", {}, hours(24)},
        {"log.retention.hours=24\nlog.retention.minutes=90", {}, minutes(90)},
        {"log.retention.hours=24\nlog.retention.minutes=90\nlog.retention.ms=5", {}, Millis(5)},
        {"log.retention.ms=5", {{"retention.ms", "7"}}, Millis(7)},
        {"log.retention.ms=-1", {}, Millis(-1)},
        {"log.retention.hours=-1", {}, Millis(-1)},
        {"log.retention.hours=2147483647", {}, hours(2147483647)},
    };
    for (const Case& c : cases) {
        const Settings broker = broker_with(c.broker);
        EXPECT_EQ(topic_values(broker, c.own).get(opt::topic::retention_ms), c.want) << c.broker;
    }
}

TEST(TopicValues, DynamicBrokerSettingsReachTopics) {
    const Settings broker =
        broker_with("log.segment.bytes=2097152").with_dynamic({{"log.roll.ms", "1000"}}, {});
    const TopicValues values = topic_values(broker, {});
    EXPECT_EQ(values.get(opt::topic::segment_bytes), 2097152);
    EXPECT_EQ(values.get(opt::topic::segment_ms), Millis(1000));
    EXPECT_EQ(values.get(opt::topic::flush_ms), Millis(INT64_MAX));
    EXPECT_EQ(values.get(opt::topic::write_durability), "disk");
}

TEST(TopicValues, OwnValuesThatCannotBeAreLeftOut) {
    const TopicValues values =
        topic_values(Settings::defaults(), {{"segment.bytes", "12"}, {"from.the.future", "1"}});
    EXPECT_EQ(values.get(opt::topic::segment_bytes), 1073741824);
}

TEST(CheckTopic, TellsWhatIsWrong) {
    struct Case {
        ConfigMap own;
        std::string_view want;  // empty: nothing is wrong
    };
    const Case cases[] = {
        {{}, ""},
        {{{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}}, ""},
        {{{"segment.bytes", "12"}}, "segment.bytes=12: must be at least 1048576"},
        {{{"segment.byte", "12"}}, "unknown topic setting segment.byte; did you mean segment.byt"},
        {{{"min.compaction.lag.ms", "100"}, {"max.compaction.lag.ms", "10"}},
         "min.compaction.lag.ms=100 must not exceed max.compaction.lag.ms=10"},
        {{{"remote.storage.enable", "true"}}, "no remote storage"},
    };
    const Settings broker = Settings::defaults();
    for (const Case& c : cases) {
        const Status status = check_topic(broker, c.own);
        if (c.want.empty()) {
            EXPECT_TRUE(status.has_value()) << status.error().detail;
            continue;
        }
        ASSERT_FALSE(status.has_value()) << c.want;
        EXPECT_EQ(status.error().code, ErrorCode::INVALID_CONFIG);
        EXPECT_THAT(status.error().detail, HasSubstr(c.want));
    }
}

TEST(CheckGroup, ValuesStayWithinTheBrokersBounds) {
    const Settings broker = broker_with("group.consumer.max.session.timeout.ms=50000");
    EXPECT_TRUE(check_group(broker, {{"consumer.session.timeout.ms", "46000"}}).has_value());
    const Status low = check_group(broker, {{"consumer.session.timeout.ms", "1"}});
    ASSERT_FALSE(low.has_value());
    EXPECT_EQ(low.error().detail,
              "group.consumer.min.session.timeout.ms=45000 must not exceed "
              "consumer.session.timeout.ms=1");
    EXPECT_FALSE(check_group(broker, {{"consumer.session.timeout.ms", "50001"}}).has_value());
    EXPECT_FALSE(check_group(broker, {{"streams.num.standby.replicas", "3"}}).has_value());
    EXPECT_FALSE(check_group(broker, {{"zork", "1"}}).has_value());
    EXPECT_EQ(group_values(broker, {}).get(opt::group::consumer_session_timeout_ms), Millis(45000));
}

TEST(CheckClientMetrics, RefusesAsKafkaDoes) {
    EXPECT_TRUE(check_client_metrics({{"interval.ms", "500"}, {"metrics", "*"}}).has_value());
    const Status unknown = check_client_metrics({{"zork", "1"}});
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().code, ErrorCode::INVALID_REQUEST);
    EXPECT_FALSE(check_client_metrics({{"match", "foo=bar"}}).has_value());
}

TEST(CheckBroker, OnlyDynamicSettingsMayChange) {
    struct Case {
        BrokerTarget target;
        ConfigMap proposed;
        ErrorCode want;
    };
    constexpr auto kThis = BrokerTarget::ThisBroker;
    constexpr auto kAll = BrokerTarget::AllBrokers;
    const Case cases[] = {
        {kThis, {{"message.max.bytes", "2000"}}, ErrorCode::NONE},
        {kAll, {{"message.max.bytes", "2000"}}, ErrorCode::NONE},
        {kThis, {{"leader.replication.throttled.rate", "10"}}, ErrorCode::NONE},
        {kThis, {{"listener.name.a.max.connections", "5"}}, ErrorCode::NONE},
        {kThis, {{"listener.name.a.ssl.keystore.location", "/x"}}, ErrorCode::NONE},
        {kThis, {{"node.id", "8"}}, ErrorCode::INVALID_REQUEST},
        {kAll, {{"log.segment.bytes", "5"}}, ErrorCode::INVALID_REQUEST},
        {kThis, {{"ssl.keystore.location", "/x"}}, ErrorCode::INVALID_REQUEST},
        {kAll, {{"sasl.jaas.config", "x"}}, ErrorCode::INVALID_REQUEST},
        {kThis, {{"listeners", "PLAINTEXT://:1"}}, ErrorCode::INVALID_REQUEST},
        {kThis, {{"nope", "1"}}, ErrorCode::INVALID_CONFIG},
    };
    for (const Case& c : cases) {
        const Status status = check_broker(c.target, c.proposed);
        const ErrorCode got = status ? ErrorCode::NONE : status.error().code;
        EXPECT_EQ(got, c.want) << c.proposed.begin()->first;
    }
}

}  // namespace
}  // namespace milena::config
