#include "broker/config/settings.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Settings> from(std::string_view text) {
    return Settings::from(*parse_properties(text, "server.properties"), "this.host");
}

std::string error_of(std::string_view text) {
    const auto settings = from(text);
    return settings ? "no error" : settings.error().detail;
}

TEST(Settings, NothingSetGivesAWorkingNode) {
    const Settings settings = Settings::defaults();
    EXPECT_EQ(settings.node().node_id, BrokerId(1));
    EXPECT_TRUE(settings.node().is_broker);
    EXPECT_TRUE(settings.node().is_controller);
    EXPECT_THAT(settings.node().log_dirs, ElementsAre("data"));
    EXPECT_EQ(settings.node().metadata_log_dir, "data");
    EXPECT_THAT(settings.node().voters, IsEmpty());
    EXPECT_THAT(settings.warnings(), IsEmpty());
    EXPECT_THAT(settings.static_layer(), IsEmpty());
}

TEST(Settings, KeysReadTheirOwnType) {
    const auto settings = from("log.retention.minutes=90\nbroker.rack=r1\nlog.dirs= a , b ");
    ASSERT_TRUE(settings.has_value()) << settings.error().detail;
    namespace b = opt::broker;
    static_assert(std::is_same_v<decltype(settings->get(b::log_segment_bytes)), std::int32_t>);
    static_assert(
        std::is_same_v<decltype(settings->get(b::log_retention_ms)), std::optional<Millis>>);
    static_assert(std::is_same_v<decltype(settings->get(b::connections_max_idle_ms)), Millis>);
    EXPECT_EQ(settings->get(b::log_segment_bytes), 1073741824);
    EXPECT_EQ(settings->get(b::log_retention_ms), std::nullopt);
    EXPECT_EQ(settings->get(b::log_retention_minutes), 90);
    EXPECT_EQ(settings->get(b::connections_max_idle_ms), std::chrono::minutes(10));
    EXPECT_EQ(settings->get(b::broker_rack), "r1");
    EXPECT_EQ(settings->get(b::log_cleaner_min_cleanable_ratio), 0.5);
    EXPECT_TRUE(settings->get(b::auto_create_topics_enable));
    EXPECT_THAT(settings->get(b::log_dirs), ElementsAre("a", "b"));
    EXPECT_THAT(settings->get(b::advertised_listeners), IsEmpty());
}

TEST(Settings, LaterAssignmentsWin) {
    auto assignments = *parse_properties("num.partitions=3\nnum.partitions=4", "f");
    assignments.push_back({"num.partitions", "5", "--set"});
    const auto settings = Settings::from(assignments, "h");
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(settings->get(opt::broker::num_partitions), 5);
    EXPECT_THAT(settings->warnings(),
                testing::Contains("f:2: num.partitions replaces the one of f:1"));
}

TEST(Settings, UnknownNamesAreRefusedWithLineAndSuggestion) {
    EXPECT_EQ(error_of("node.id=1\nlog.segmnet.bytes=1\n"),
              "server.properties:2: unknown setting log.segmnet.bytes; did you mean "
              "log.segment.bytes?");
    EXPECT_EQ(error_of("retention.ms=1"),
              "server.properties:1: unknown setting retention.ms; it belongs to topics, the "
              "broker's is log.retention.ms");
    EXPECT_THAT(error_of("completely.different.thing=1"), HasSubstr("lists all"));
}

TEST(Settings, AllMistakesAreToldAtOnce) {
    EXPECT_EQ(error_of("nmu.partitions=1\nnum.partitions=0\nleader.replication.throttled.rate=1"),
              "server.properties:1: unknown setting nmu.partitions; did you mean num.partitions?\n"
              "server.properties:2: num.partitions=0: must be at least 1\n"
              "server.properties:3: leader.replication.throttled.rate cannot be set here; set it "
              "with 'kafka-configs --alter'");
}

TEST(Settings, NamesOfOlderKafkasAreIgnoredWithAWarning) {
    const auto settings =
        from("zookeeper.connect=zk:2181\ninter.broker.protocol.version=3.9\nrsm.config.x=1");
    ASSERT_TRUE(settings.has_value()) << settings.error().detail;
    EXPECT_THAT(settings->warnings(),
                ElementsAre(HasSubstr("server.properties:1: zookeeper.connect is ignored"),
                            HasSubstr("metadata.version"), HasSubstr("Java plug-in")));
}

TEST(Settings, AcceptedSettingsWithoutEffectWarnUnlessTheyAreTheDefault) {
    const auto settings = from("metrics.num.samples=2\nbackground.threads=20\nnode.id=4");
    ASSERT_TRUE(settings.has_value());
    EXPECT_THAT(settings->warnings(),
                ElementsAre("server.properties:2: background.threads is accepted but has no "
                            "effect yet"));
}

TEST(Settings, AListenersOwnFormOfASettingIsTaken) {
    const auto settings = from(
        "listener.name.internal.ssl.keystore.location=/x\n"
        "listener.name.internal.scram-sha-256.sasl.jaas.config=y");
    ASSERT_TRUE(settings.has_value()) << settings.error().detail;
    EXPECT_EQ(settings->static_layer().at("listener.name.internal.ssl.keystore.location"), "/x");
    EXPECT_THAT(error_of("listener.name.internal.nope=1"), HasSubstr("unknown setting"));
}

TEST(Settings, NodeAndQuorumMustFit) {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const Case cases[] = {
        {"node.id=-1", "server.properties:1: node.id=-1: must be at least 0"},
        {"broker.id=2\nnode.id=1", "server.properties:1: broker.id=2 and node.id=1 must be"},
        {"node.id=1\ncontroller.quorum.voters=3@h:1",
         "server.properties:2: controller.quorum.voters: process.roles makes node 1 a controller"},
        {"process.roles=broker\ncontroller.quorum.voters=1@h:1",
         "node 1 is a voter, but process.roles does not"},
        {"process.roles=broker", "controller.quorum.bootstrap.servers"},
        {"controller.quorum.voters=1@h:1,2@h:2", "add CONTROLLER://<host>:<port>"},
    };
    for (const Case& c : cases) EXPECT_THAT(error_of(c.text), HasSubstr(c.want)) << c.text;
}

TEST(Settings, BrokerIdAloneNamesTheNode) {
    const auto settings = from("broker.id=7");
    ASSERT_TRUE(settings.has_value());
    EXPECT_EQ(settings->node().node_id, BrokerId(7));
}

TEST(Settings, VotersAreParsed) {
    const auto settings = from(
        "node.id=2\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
        "controller.quorum.voters=1@a:9093,2@[::1]:9094");
    ASSERT_TRUE(settings.has_value()) << settings.error().detail;
    const auto& voters = settings->node().voters;
    ASSERT_EQ(voters.size(), 2u);
    EXPECT_EQ(voters[0].id, BrokerId(1));
    EXPECT_EQ(voters[0].host, "a");
    EXPECT_EQ(voters[1].host, "::1");
    EXPECT_EQ(voters[1].port, 9094);
}

TEST(Settings, DynamicLayersLieOverTheFile) {
    const auto base = from("message.max.bytes=1000\nnum.partitions=2");
    ASSERT_TRUE(base.has_value());
    const Settings changed =
        base->with_dynamic({{"message.max.bytes", "2000"}}, {{"message.max.bytes", "3000"}});
    EXPECT_EQ(base->get(opt::broker::message_max_bytes), 1000);
    EXPECT_EQ(changed.get(opt::broker::message_max_bytes), 3000);
    EXPECT_EQ(changed.get(opt::broker::num_partitions), 2);
    const Settings back = changed.with_dynamic({{"message.max.bytes", "2000"}}, {});
    EXPECT_EQ(back.get(opt::broker::message_max_bytes), 2000);
}

TEST(Settings, DynamicValuesThatCannotBeAreLeftOut) {
    const Settings changed = Settings::defaults().with_dynamic(
        {{"message.max.bytes", "many"}, {"no.such.name", "1"}}, {{"node.id", "9"}});
    EXPECT_EQ(changed.get(opt::broker::message_max_bytes), 1048588);
    EXPECT_EQ(changed.get(opt::broker::node_id), 1);
    EXPECT_THAT(changed.warnings(), ElementsAre(HasSubstr("message.max.bytes=many")));
}

}  // namespace
}  // namespace milena::config
