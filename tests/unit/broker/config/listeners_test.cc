// What Kafka 4.2's KafkaConfig answers to the same settings, where it says so.
#include "broker/config/settings.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::config {
namespace {

// The settings of a combined node in Kafka's fashion, then those of `lines`.
Result<Settings> combined(std::string_view lines) {
    std::string text =
        "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n"
        "controller.quorum.voters=1@localhost:9093\n";
    text += lines;
    return Settings::from(*parse_properties(text, "f"), "this.host");
}

std::string show(const ListenerPlan& plan) {
    std::string text;
    const auto address = [](const auto& one) {
        return one.name + "=" + one.host + ":" + std::to_string(one.port) + " ";
    };
    for (const Listener& one : plan.broker) text += address(one);
    text += "| ";
    for (const Listener& one : plan.controller) text += address(one);
    text += "| ";
    for (const AdvertisedListener& one : plan.advertised) text += address(one);
    return text + "| " + plan.inter_broker;
}

struct Case {
    std::string_view lines;
    std::string_view want;  // after "!": part of the error
};

void check(const Case& c) {
    SCOPED_TRACE(c.lines);
    const auto settings = combined(c.lines);
    if (c.want.starts_with('!')) {
        ASSERT_FALSE(settings.has_value()) << show(settings->node().listeners);
        EXPECT_EQ(settings.error().code, ErrorCode::INVALID_CONFIG);
        EXPECT_NE(settings.error().detail.find(c.want.substr(1)), std::string::npos)
            << settings.error().detail;
    } else {
        ASSERT_TRUE(settings.has_value()) << settings.error().detail;
        EXPECT_EQ(show(settings->node().listeners), c.want);
    }
}

TEST(Listeners, ArePlannedAsKafkaDoes) {
    const Case cases[] = {
        {"listeners=PLAINTEXT://:9092,CONTROLLER://:9093",
         "PLAINTEXT=:9092 | CONTROLLER=:9093 | PLAINTEXT=this.host:9092 | PLAINTEXT"},
        {"listeners=plaintext://localhost:0,controller://localhost:0",
         "PLAINTEXT=localhost:0 | CONTROLLER=localhost:0 | PLAINTEXT=localhost:0 | PLAINTEXT"},
        {"listeners=PLAINTEXT://127.0.0.1:9092,P2://[::1]:9092,CONTROLLER://:9093\n"
         "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,P2:PLAINTEXT,CONTROLLER:PLAINTEXT",
         "PLAINTEXT=127.0.0.1:9092 P2=::1:9092 | CONTROLLER=:9093 | PLAINTEXT=127.0.0.1:9092 "
         "P2=::1:9092 | PLAINTEXT"},
        {"listeners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://:9093\n"
         "advertised.listeners=PLAINTEXT://example.org:19092",
         "PLAINTEXT=0.0.0.0:9092 | CONTROLLER=:9093 | PLAINTEXT=example.org:19092 | PLAINTEXT"},
        {"listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
         "advertised.listeners=PLAINTEXT://h:9092,CONTROLLER://h:9093",
         "PLAINTEXT=:9092 | CONTROLLER=:9093 | PLAINTEXT=h:9092 | PLAINTEXT"},
        {"listeners=A://:9092,CONTROLLER://:9093\ninter.broker.listener.name=A\n"
         "listener.security.protocol.map=A:PLAINTEXT,CONTROLLER:PLAINTEXT",
         "A=:9092 | CONTROLLER=:9093 | A=this.host:9092 | A"},
        // Kafka takes this one and advertises "::", which nobody can connect to.
        {"listeners=PLAINTEXT://[::]:9092,CONTROLLER://:9093",
         "PLAINTEXT=:::9092 | CONTROLLER=:9093 | PLAINTEXT=this.host:9092 | PLAINTEXT"},
    };
    for (const Case& c : cases) check(c);
}

TEST(Listeners, MistakesAreRefusedAsInKafka) {
    const Case cases[] = {
        {"listeners=PLAINTEXT://:9092,FOO://:9094,CONTROLLER://:9093",
         "!f:5: listeners: listener FOO has no security protocol; add FOO:PLAINTEXT to"},
        {"listeners=PLAINTEXT://:9092,CONTROLLER://:9092",
         "!PLAINTEXT and CONTROLLER both use port 9092"},
        {"listeners=PLAINTEXT://a:1,PLAINTEXT://b:2", "!the name PLAINTEXT stands for two"},
        {"listeners=PLAINTEXT//x,CONTROLLER://:9093", "!\"PLAINTEXT//x\" is not NAME://host:port"},
        {"listeners=PLAINTEXT://x,CONTROLLER://:9093", "!\"x\" has no port"},
        {"listeners=PLAINTEXT://x:99999", "!\"99999\" is no port from 0 to 65535"},
        {"listeners=PLAINTEXT://x:-1", "!no port"},
        {"listeners=PLAINTEXT://::1:9092", "!IPv6 address ::1 must stand in [ ]"},
        {"listeners=PLAINTEXT://a b:9092", "!\"a b\" is no host name or address"},
        {"listeners=", "!f:5: listeners=: must be a list, not empty"},
        {"listeners=CONTROLLER://:9093", "!a broker needs a listener"},
        {"listeners=PLAINTEXT://0.0.0.0:9092", "!set advertised.listeners=PLAINTEXT://"},
        {"listeners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://0.0.0.0:1",
         "!f:6: advertised.listeners: PLAINTEXT says 0.0.0.0"},
        {"listeners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://h:9092,FOO://h:1",
         "!listener FOO has no security protocol"},
        {"listeners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://h:9092,SSL://h:1",
         "!SSL is none of listeners"},
        {"listeners=PLAINTEXT://:1\nadvertised.listeners=PLAINTEXT://h:1,PLAINTEXT://i:1",
         "!names PLAINTEXT twice"},
        {"listeners=A://:9092\nlistener.security.protocol.map=A:PLAINTEXT", "!set it to one of A"},
        {"listeners=PLAINTEXT://:1\ninter.broker.listener.name=B", "!B does not stand in"},
        {"listeners=PLAINTEXT://:1\ninter.broker.listener.name=PLAINTEXT\n"
         "security.inter.broker.protocol=PLAINTEXT",
         "!set only one of the two"},
        {"listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
         "listener.security.protocol.map=PLAINTEXT:PLAINTEXT",
         "!listener CONTROLLER has no security protocol"},
        {"listener.security.protocol.map=PLAINTEXT:FOO", "!FOO is no security protocol"},
        {"listener.security.protocol.map=PLAINTEXT", "!\"PLAINTEXT\" is not NAME:PROTOCOL"},
        {"listener.security.protocol.map=A:SSL,A:SSL", "!names A twice"},
        {"listeners=SSL://:9092\nsecurity.inter.broker.protocol=SSL",
         "!SSL asks for SSL, which Milena does not serve yet"},
        {"process.roles=controller\nlisteners=CONTROLLER://:9093,PLAINTEXT://:9092",
         "!PLAINTEXT is none of controller.listener.names"},
        {"process.roles=broker\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093",
         "!CONTROLLER is one of controller.listener.names"},
    };
    for (const Case& c : cases) check(c);
}

TEST(Listeners, WithoutAnySettingOnlyThisMachineIsServed) {
    const ListenerPlan plan = Settings::defaults().node().listeners;
    EXPECT_EQ(show(plan),
              "PLAINTEXT=127.0.0.1:9092 PLAINTEXT=::1:9092 | | PLAINTEXT=localhost:9092 | "
              "PLAINTEXT");
    EXPECT_FALSE(plan.broker[0].optional);
    EXPECT_TRUE(plan.broker[1].optional) << "a machine without IPv6 must still start";
}

TEST(ParseHostPort, TakesNamesAndBothAddressFamilies) {
    struct Good {
        std::string_view text, host;
        int port;
    };
    for (const Good& good :
         {Good{"a:1", "a", 1}, Good{":65535", "", 65535}, Good{"[::1]:9092", "::1", 9092},
          Good{"10.0.0.1:0", "10.0.0.1", 0}, Good{"[fe80::1%eth0]:1", "fe80::1%eth0", 1}}) {
        const auto parsed = parse_host_port(good.text);
        ASSERT_TRUE(parsed.has_value()) << parsed.error().detail;
        EXPECT_EQ(parsed->host, good.host);
        EXPECT_EQ(parsed->port, good.port);
    }
    for (const std::string_view bad : {"", "a", "a:", "a:x", "a:65536", "a:1x", "::1:1", "a/b:1"}) {
        EXPECT_FALSE(parse_host_port(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace milena::config
