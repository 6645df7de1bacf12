#include "broker/config/value.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::config {
namespace {

const Option& row(Scope scope, std::string_view name) {
    const Option* option = find_option(scope, name);
    EXPECT_NE(option, nullptr) << name;
    return *option;
}

struct Case {
    Scope scope;
    std::string_view name;
    std::string_view text;
    // What to_text gives, or, after "!", a part of the error.
    std::string_view want;
};

TEST(ParseValue, FollowsKafkasRules) {
    const Case cases[] = {
        {Scope::Topic, "segment.bytes", " 3000000 ", "3000000"},
        {Scope::Topic, "segment.bytes", "+3000000", "3000000"},
        {Scope::Topic, "segment.bytes", "12", "!segment.bytes=12: must be at least 1048576"},
        {Scope::Topic, "segment.bytes", "abc", "!must be a whole number"},
        {Scope::Topic, "segment.bytes", "", "!must be a whole number"},
        {Scope::Topic, "segment.bytes", "2147483648", "!must be a whole number"},
        {Scope::Topic, "segment.bytes", "3000000.0", "!must be a whole number"},
        {Scope::Topic, "retention.ms", "9223372036854775807", "9223372036854775807"},
        {Scope::Topic, "retention.ms", "-1", "-1"},
        {Scope::Topic, "retention.ms", "-2", "!must be at least -1"},
        {Scope::Topic, "preallocate", "TRUE", "true"},
        {Scope::Topic, "preallocate", "yes", "!must be true or false"},
        {Scope::Topic, "compression.type", "zstd", "zstd"},
        {Scope::Topic, "compression.type", "brotli", "!one of uncompressed, zstd"},
        {Scope::Topic, "compression.gzip.level", "-1", "-1"},
        {Scope::Topic, "compression.gzip.level", "9", "9"},
        {Scope::Topic, "compression.gzip.level", "0", "!from 1 to 9, or -1"},
        {Scope::Topic, "cleanup.policy", "compact , delete", "compact,delete"},
        {Scope::Topic, "cleanup.policy", "delete,compact,delete", "delete,compact"},
        {Scope::Topic, "cleanup.policy", "compact,,delete", "!a list of compact, delete"},
        {Scope::Topic, "cleanup.policy", "", ""},
        {Scope::Topic, "cleanup.policy", "foo", "!a list of compact, delete"},
        {Scope::Topic, "min.cleanable.dirty.ratio", "0.25", "0.25"},
        {Scope::Topic, "min.cleanable.dirty.ratio", "1", "1.0"},
        {Scope::Topic, "min.cleanable.dirty.ratio", "2", "!from 0 to 1"},
        {Scope::Topic, "min.cleanable.dirty.ratio", "half", "!must be a number"},
        {Scope::Topic, "min.cleanable.dirty.ratio", "nan", "!must be a number"},
        {Scope::Topic, "leader.replication.throttled.replicas", "*", "*"},
        {Scope::Topic, "leader.replication.throttled.replicas", "0:1,1:2", "0:1,1:2"},
        {Scope::Topic, "leader.replication.throttled.replicas", "", ""},
        {Scope::Topic, "leader.replication.throttled.replicas", "x", "!partition:broker"},
        {Scope::Topic, "leader.replication.throttled.replicas", "0:", "!partition:broker"},
        {Scope::Topic, "write.durability", "page-cache", "page-cache"},
        {Scope::Topic, "write.durability", "never", "!one of disk, page-cache"},
        {Scope::Broker, "offsets.topic.replication.factor", "32768", "!to 32767 (type short)"},
        {Scope::Broker, "max.connections.per.ip.overrides", "", ""},
        {Scope::Broker, "max.connections.per.ip.overrides", "10.0.0.1:5,::1:6,a.b:0",
         "10.0.0.1:5,::1:6,a.b:0"},
        {Scope::Broker, "max.connections.per.ip.overrides", "10.0.0.1", "!a list of address:count"},
        {Scope::Broker, "max.connections.per.ip.overrides", ":5", "!a list of address:count"},
        {Scope::Broker, "process.roles", "controller", "controller"},
        {Scope::Broker, "process.roles", "", "!a list of broker, controller"},
        {Scope::Broker, "listeners", "", "!must be a list, not empty"},
        {Scope::Broker, "log.dirs", "a,,b", "!without empty or repeated parts"},
        {Scope::Broker, "ssl.cipher.suites", "a,a", "!without empty or repeated parts"},
        {Scope::Broker, "ssl.cipher.suites", "", ""},
        {Scope::Broker, "group.consumer.migration.policy", "Upgrade", "Upgrade"},
        {Scope::Broker, "group.consumer.migration.policy", "side", "!one of DISABLED"},
        {Scope::Broker, "controller.quorum.voters", "1@a:9093,2@[::1]:9093",
         "1@a:9093,2@[::1]:9093"},
        {Scope::Broker, "controller.quorum.voters", "a:9093", "!a list of id@host:port"},
        {Scope::Broker, "controller.quorum.bootstrap.servers", "a:1,b:2", "a:1,b:2"},
        {Scope::Broker, "controller.quorum.bootstrap.servers", ":1", "!a list of host:port"},
        {Scope::Broker, "log.cleaner.io.max.bytes.per.second", "1e9", "1.0E9"},
        {Scope::Broker, "log.cleaner.io.max.bytes.per.second", "12345678.5", "1.23456785E7"},
        {Scope::Broker, "log.cleaner.io.max.bytes.per.second", "0.0001", "1.0E-4"},
        {Scope::Group, "share.auto.offset.reset", "by_duration:PT1H30M", "by_duration:PT1H30M"},
        {Scope::Group, "share.auto.offset.reset", "by_duration:P2DT0.5S", "by_duration:P2DT0.5S"},
        {Scope::Group, "share.auto.offset.reset", "by_duration:PT", "!earliest, latest"},
        {Scope::Group, "share.auto.offset.reset", "by_duration:PT-1H", "!earliest, latest"},
        {Scope::Group, "share.auto.offset.reset", "by_duration:P1H", "!earliest, latest"},
        {Scope::Group, "share.auto.offset.reset", "none", "!earliest, latest"},
        {Scope::ClientMetrics, "interval.ms", "5", "!from 100 to 3600000"},
        {Scope::ClientMetrics, "match", "client_id=a.*", "client_id=a.*"},
        {Scope::ClientMetrics, "match", "foo=bar", "!attribute=pattern"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.name) + "=" + std::string(c.text));
        const auto value = parse_value(row(c.scope, c.name), c.text);
        if (c.want.starts_with('!')) {
            ASSERT_FALSE(value.has_value());
            EXPECT_EQ(value.error().code, ErrorCode::INVALID_CONFIG);
            EXPECT_NE(value.error().detail.find(c.want.substr(1)), std::string::npos)
                << value.error().detail;
        } else {
            ASSERT_TRUE(value.has_value()) << value.error().detail;
            EXPECT_EQ(to_text(*value), c.want);
        }
    }
}

TEST(ParseValue, NeverPrintsASecret) {
    Option secret = row(Scope::Broker, "ssl.key.password");
    secret.valid = {.kind = Valid::Kind::Word, .words = "a, b"};
    const auto value = parse_value(secret, "hunter2");
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().detail.find("hunter2"), std::string::npos) << value.error().detail;
}

TEST(SplitList, DropsBlanksAndKeepsEmptyParts) {
    using Parts = std::vector<std::string>;
    EXPECT_EQ(split_list(""), Parts{});
    EXPECT_EQ(split_list("  "), Parts{});
    EXPECT_EQ(split_list("a"), Parts{"a"});
    EXPECT_EQ(split_list(" a , b,c "), (Parts{"a", "b", "c"}));
    EXPECT_EQ(split_list("a,,b,"), (Parts{"a", "", "b", ""}));
}

}  // namespace
}  // namespace milena::config
