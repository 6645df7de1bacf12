#include "tools/kafka/topics_options.h"

#include "tests/unit/tools/kafka/words.h"

#include <gtest/gtest.h>

namespace milena::kafka_tools {
namespace {

constexpr std::string_view kServer = "--bootstrap-server localhost:9092 ";

std::optional<Refusal> check(std::string_view line) {
    const auto options = parse_line(topics_option_specs(), line);
    if (!options) return Refusal{options.error().detail, false};
    return check_topics_options(*options);
}

TEST(KafkaTopicsOptions, AcceptsWhatKafkaAccepts) {
    for (const std::string_view line : {
             "--create --topic t",
             "--create --topic t --replication-factor 1 --partitions 3",
             "--create --topic t --if-not-exists --config a=b --config c=d",
             "--create --topic t --replica-assignment 1:2,2:3",
             "-create -topic t",
             "--list",
             "--list --exclude-internal",
             "--list --topic t.*",
             "--describe",
             "--describe --topic t --if-exists",
             "--describe --topic-id abc --if-exists",
             "--describe --under-replicated-partitions --unavailable-partitions",
             "--describe --topics-with-overrides",
             "--alter --topic t --partitions 4",
             "--alter --topic t --partitions 4 --replica-assignment 1,1,1,1 --if-exists",
             "--delete --topic t --if-exists",
         }) {
        const auto refusal = check(std::string(kServer) + std::string(line));
        EXPECT_FALSE(refusal.has_value()) << line << ": " << refusal->message;
    }
}

// Messages as printed by org.apache.kafka.tools.TopicCommand of Kafka 4.2.0.
TEST(KafkaTopicsOptions, RefusesWhatKafkaRefusesInItsWords) {
    const std::string one_action =
        "Command must include exactly one action: --list, --describe, --create, --alter or "
        "--delete";
    const std::pair<std::string_view, std::string> cases[] = {
        {"", one_action},
        {"--list --create --topic t", one_action},
        {"--create", "Missing required argument \"[topic]\""},
        {"--delete", "Missing required argument \"[topic]\""},
        {"--alter --topic t", "Missing required argument \"[partitions]\""},
        {"--describe --if-exists", "--topic or --topic-id is required to describe a topic"},
        {"--list --config a=b", "Option \"[config]\" can't be used with option \"[list]\""},
        {"--describe --partitions 3",
         "Option \"[partitions]\" can't be used with option \"[describe]\""},
        {"--delete --topic t --replication-factor 3",
         "Option \"[replication-factor]\" can't be used with option \"[delete]\""},
        {"--alter --topic t --partitions 3 --replication-factor 3",
         "Option \"[replication-factor]\" can't be used with option \"[alter]\""},
        {"--create --topic t --replica-assignment 1 --partitions 3",
         "Option \"[replica-assignment]\" can't be used with option \"[partitions]\""},
        {"--create --topic t --replica-assignment 1 --replication-factor 3",
         "Option \"[replica-assignment]\" can't be used with option \"[replication-factor]\""},
        {"--list --under-replicated-partitions",
         "Option \"[under-replicated-partitions]\" can't be used with option \"[list]\""},
        {"--describe --under-min-isr-partitions --topics-with-overrides",
         "Option \"[under-min-isr-partitions]\" can't be used with option "
         "\"[topics-with-overrides]\""},
        {"--create --topic t --if-exists",
         "Option \"[if-exists]\" can't be used with option \"[create]\""},
        {"--list --if-not-exists",
         "Option \"[if-not-exists]\" can't be used with option \"[list]\""},
        {"--delete --topic t --exclude-internal",
         "Option \"[exclude-internal]\" can't be used with option \"[delete]\""},
    };
    for (const auto& [line, message] : cases) {
        const auto refusal = check(std::string(kServer) + std::string(line));
        ASSERT_TRUE(refusal.has_value()) << line;
        EXPECT_EQ(refusal->message, message) << line;
        EXPECT_TRUE(refusal->with_usage) << line;
    }
    const auto no_server = check("--list");
    ASSERT_TRUE(no_server.has_value());
    EXPECT_EQ(no_server->message, "--bootstrap-server must be specified");
    EXPECT_FALSE(no_server->with_usage);
}

TEST(KafkaTopicsOptions, ReadsReplicaAssignments) {
    using Assignment = std::vector<std::vector<std::int32_t>>;
    EXPECT_EQ(parse_replica_assignment("1:2,2:3").value(), (Assignment{{1, 2}, {2, 3}}));
    EXPECT_EQ(parse_replica_assignment("1, 2 ,3").value(), (Assignment{{1}, {2}, {3}}));
    const std::pair<std::string_view, std::string_view> refused[] = {
        {"1:1", "Partition replica lists may not contain duplicate entries: 1"},
        {"1:2,3", "Partition 1 has different replication factor: [3]"},
        {"1:x", "For input string: \"x\""},
        {"1,,2", "For input string: \"\""},
    };
    for (const auto& [text, message] : refused) {
        const auto parsed = parse_replica_assignment(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().detail, message);
    }
}

TEST(KafkaTopicsOptions, ReadsConfigs) {
    using Configs = std::vector<std::pair<std::string, std::string>>;
    const std::vector<std::string> good = {"retention.ms=1000", " a = b "};
    EXPECT_EQ(parse_topic_configs(good).value(), (Configs{{"retention.ms", "1000"}, {"a", "b"}}));
    for (const std::string bad : {"a", "a=", "a=b=c"}) {
        EXPECT_FALSE(parse_topic_configs(std::vector{bad}).has_value()) << bad;
    }
}

}  // namespace
}  // namespace milena::kafka_tools
