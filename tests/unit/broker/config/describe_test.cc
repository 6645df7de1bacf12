// Expected rows are what a Kafka 4.2 broker with the same settings answered.
#include "broker/config/describe.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::config {
namespace {

const char* source_text(Source source) {
    constexpr const char* kNames[] = {"?",   "topic", "dyn", "dyn-all", "static",
                                      "def", "log",   "cm",  "group"};
    return kNames[static_cast<int>(source)];
}

// "value source ro? secret? [name=value source, ...]"
std::string show(const std::vector<Described>& rows, std::string_view name) {
    for (const Described& row : rows) {
        if (row.name != name) continue;
        std::string text = row.value.value_or("null") + " " + source_text(row.source);
        if (row.read_only) text += " ro";
        if (row.sensitive) text += " secret";
        text += " [";
        for (const Synonym& synonym : row.synonyms) {
            text += synonym.name + "=" + synonym.value.value_or("null") + " " +
                    source_text(synonym.source) + ";";
        }
        return text + "]";
    }
    return "absent";
}

Settings broker() {
    auto settings =
        Settings::from(*parse_properties("log.retention.hours=24\n"
                                         "log.retention.minutes= 90\n"
                                         "log.roll.hours=10\n"
                                         "log.flush.scheduler.interval.ms=777\n"
                                         "log.segment.bytes=2097152\n"
                                         "ssl.keystore.password=secret\n"
                                         "log.initial.task.delay.ms=1234\n"
                                         "listener.name.external.ssl.keystore.location=/x\n"
                                         "group.consumer.session.timeout.ms=50000\n"
                                         "log.cleanup.policy= compact , delete\n"
                                         "auto.create.topics.enable=TRUE\n",
                                         "f"),
                       "h");
    EXPECT_TRUE(settings.has_value()) << settings.error().detail;
    return settings->with_dynamic(
        {{"log.retention.ms", "2000000"}, {"follower.replication.throttled.rate", "5000"}},
        {{"log.retention.ms", "1000000"},
         {"message.max.bytes", "2000000"},
         {"leader.replication.throttled.rate", "1000"},
         {"nope", "1"}});
}

TEST(DescribeBroker, AnswersAsKafka) {
    const auto rows = describe_broker(broker());
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"log.retention.ms",
         "1000000 dyn [log.retention.ms=1000000 dyn;log.retention.ms=2000000 dyn-all;"
         "log.retention.minutes=90 static;log.retention.hours=24 static;"
         "log.retention.hours=168 def;]"},
        {"log.retention.minutes",
         "90 static ro [log.retention.minutes=90 static;log.retention.hours=24 static;"
         "log.retention.hours=168 def;]"},
        {"log.retention.hours",
         "24 static ro [log.retention.hours=24 static;log.retention.hours=168 def;]"},
        {"log.roll.ms", "null def []"},
        {"log.flush.interval.ms", "null def []"},
        {"log.flush.scheduler.interval.ms",
         "777 static ro [log.flush.scheduler.interval.ms=777 static;"
         "log.flush.scheduler.interval.ms=9223372036854775807 def;]"},
        {"message.max.bytes",
         "2000000 dyn [message.max.bytes=2000000 dyn;message.max.bytes=1048588 def;]"},
        {"log.cleanup.policy",
         "compact,delete static [log.cleanup.policy=compact , delete static;"
         "log.cleanup.policy=delete def;]"},
        {"auto.create.topics.enable",
         "true static ro [auto.create.topics.enable=TRUE static;"
         "auto.create.topics.enable=true def;]"},
        {"ssl.keystore.password", "null static secret [ssl.keystore.password=null static;]"},
        {"ssl.truststore.password", "null def secret []"},
        {"listener.name.external.ssl.keystore.location",
         "/x static ro [listener.name.external.ssl.keystore.location=/x static;]"},
        {"log.initial.task.delay.ms",
         "1234 static ro [log.initial.task.delay.ms=1234 static;"
         "log.initial.task.delay.ms=30000 def;]"},
        {"producer.id.expiration.check.interval.ms", "absent"},
        {"leader.replication.throttled.rate",
         "1000 dyn ro [leader.replication.throttled.rate=1000 dyn;]"},
        {"replica.alter.log.dirs.io.max.bytes.per.second", "absent"},
        {"nope", "null dyn ro secret [nope=null dyn;]"},
        {"advertised.listeners", "null def ro []"},
        {"controller.quorum.voters", " def ro [controller.quorum.voters= def;]"},
        {"log.cleaner.io.max.bytes.per.second",
         "1.7976931348623157E308 def "
         "[log.cleaner.io.max.bytes.per.second=1.7976931348623157E308 def;]"},
    };
    for (const auto& [name, want] : cases) EXPECT_EQ(show(rows, name), want) << name;
}

TEST(DescribeBroker, TellsTypesAndDocumentation) {
    const std::vector<std::string_view> names{"num.partitions", "log.dirs"};
    const auto rows = describe_broker(Settings::defaults(), &names);
    ASSERT_EQ(rows.size(), 2u);
    for (const Described& row : rows) {
        EXPECT_EQ(row.type, row.name == "num.partitions" ? 3 : 7);
        EXPECT_FALSE(row.documentation.empty());
    }
}

TEST(DescribeAllBrokers, TellsOnlyWhatIsSetForAll) {
    const auto rows = describe_all_brokers(broker());
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(show(rows, "log.retention.ms"),
              "2000000 dyn-all [log.retention.ms=2000000 dyn-all;]");
    EXPECT_EQ(show(rows, "follower.replication.throttled.rate"),
              "5000 dyn-all ro [follower.replication.throttled.rate=5000 dyn-all;]");
}

TEST(DescribeTopic, AnswersAsKafka) {
    const ConfigMap own{{"segment.bytes", "3000000"}, {"cleanup.policy", ""}};
    const auto rows = describe_topic(broker(), own);
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"segment.bytes",
         "3000000 topic [segment.bytes=3000000 topic;log.segment.bytes=2097152 static;"
         "log.segment.bytes=1073741824 def;]"},
        {"cleanup.policy",
         " topic [cleanup.policy= topic;log.cleanup.policy=compact , delete static;"
         "log.cleanup.policy=delete def;]"},
        {"retention.ms",
         "1000000 dyn [log.retention.ms=1000000 dyn;log.retention.ms=2000000 dyn-all;"
         "log.retention.minutes=90 static;log.retention.hours=24 static;"
         "log.retention.hours=168 def;]"},
        {"segment.ms", "36000000 def []"},
        {"flush.ms", "777 def []"},
        {"max.message.bytes",
         "2000000 dyn [message.max.bytes=2000000 dyn;message.max.bytes=1048588 def;]"},
        {"remote.storage.enable", "false def []"},
        {"leader.replication.throttled.replicas", " def []"},
        {"min.cleanable.dirty.ratio", "0.5 def [log.cleaner.min.cleanable.ratio=0.5 def;]"},
        {"write.durability", "disk def [write.durability=disk def;]"},
        {"internal.segment.bytes", "absent"},
    };
    for (const auto& [name, want] : cases) EXPECT_EQ(show(rows, name), want) << name;
}

TEST(DescribeGroup, AnswersAsKafka) {
    const ConfigMap own{{"consumer.heartbeat.interval.ms", "6000"}};
    const auto rows = describe_group(broker(), own);
    EXPECT_EQ(rows.size(), 11u);
    EXPECT_EQ(show(rows, "consumer.heartbeat.interval.ms"),
              "6000 group [consumer.heartbeat.interval.ms=6000 group;]");
    EXPECT_EQ(show(rows, "consumer.session.timeout.ms"),
              "50000 def [consumer.session.timeout.ms=50000 def;]");
}

TEST(DescribeClientMetrics, AnswersAsKafka) {
    const auto rows = describe_client_metrics({{"interval.ms", "500"}});
    EXPECT_EQ(show(rows, "interval.ms"), "500 cm [interval.ms=500 cm;]");
    EXPECT_EQ(show(rows, "match"), " def []");
    EXPECT_EQ(rows.size(), 3u);
}

}  // namespace
}  // namespace milena::config
