// Codes as Kafka 4.2.0 answers them.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

constexpr auto kSet = ConfigOp::set;
constexpr auto kRemove = ConfigOp::remove;
constexpr auto kAppend = ConfigOp::append;
constexpr auto kSubtract = ConfigOp::subtract;
const std::optional<std::string> kNull;

class AlterConfigsTest : public ::testing::Test {
  protected:
    AlterConfigsTest() {
        cluster.add_broker(1);
        cluster.create("t");
    }

    ConfigReply alter(std::vector<IncrementalAlterConfigs::Resource> resources) {
        IncrementalAlterConfigs request;
        request.resources = std::move(resources);
        return cluster.ask(request);
    }
    ErrorCode alter(ConfigResource resource, std::vector<IncrementalAlterConfigs::Change> changes) {
        return alter({{std::move(resource), std::move(changes)}}).resources.at(0).error.code;
    }
    const ConfigMap& topic() const { return cluster.image().config(ResourceType::topic, "t"); }

    TestCluster cluster;
    const ConfigResource t{ResourceType::topic, "t"};
};

TEST_F(AlterConfigsTest, OperationsOnOneSetting) {
    struct Row {
        const char* what;
        IncrementalAlterConfigs::Change change;
        ErrorCode expected;
        ConfigMap after;
    };
    const Row rows[] = {
        {"set", {"retention.ms", kSet, "5"}, ErrorCode::NONE, {{"retention.ms", "5"}}},
        {"remove", {"retention.ms", kRemove, kNull}, ErrorCode::NONE, {}},
        {"remove again", {"retention.ms", kRemove, "7"}, ErrorCode::NONE, {}},
        {"remove unknown", {"nope", kRemove, kNull}, ErrorCode::NONE, {}},
        {"set unknown", {"nope", kSet, "1"}, ErrorCode::INVALID_CONFIG, {}},
        {"set bad", {"retention.ms", kSet, "x"}, ErrorCode::INVALID_CONFIG, {}},
        {"set null", {"retention.ms", kSet, kNull}, ErrorCode::INVALID_REQUEST, {}},
        {"append null", {"cleanup.policy", kAppend, kNull}, ErrorCode::INVALID_REQUEST, {}},
        {"append to a number", {"retention.ms", kAppend, "7"}, ErrorCode::INVALID_CONFIG, {}},
        {"subtract from a number", {"retention.ms", kSubtract, "7"}, ErrorCode::INVALID_CONFIG, {}},
        {"append to the default",
         {"cleanup.policy", kAppend, "compact"},
         ErrorCode::NONE,
         {{"cleanup.policy", "delete,compact"}}},
        {"append what is there",
         {"cleanup.policy", kAppend, "compact,delete"},
         ErrorCode::NONE,
         {{"cleanup.policy", "delete,compact"}}},
        {"subtract",
         {"cleanup.policy", kSubtract, "delete"},
         ErrorCode::NONE,
         {{"cleanup.policy", "compact"}}},
        {"subtract the last",
         {"cleanup.policy", kSubtract, "compact"},
         ErrorCode::NONE,
         {{"cleanup.policy", ""}}},
        {"unknown operation",
         {"cleanup.policy", static_cast<ConfigOp>(9), "x"},
         ErrorCode::INVALID_REQUEST,
         {{"cleanup.policy", ""}}},
        {"too long",
         {"long", kSet, std::string(32'768, 'x')},
         ErrorCode::INVALID_CONFIG,
         {{"cleanup.policy", ""}}},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(error_name(alter(t, {row.change})), error_name(row.expected)) << row.what;
        EXPECT_EQ(topic(), row.after) << row.what;
    }
}

TEST_F(AlterConfigsTest, AResourceChangesWholeOrNotAtAll) {
    EXPECT_EQ(alter(t, {{"retention.ms", kSet, "9"}, {"nope", kSet, "1"}}),
              ErrorCode::INVALID_CONFIG);
    EXPECT_TRUE(topic().empty());
}

TEST_F(AlterConfigsTest, ASettingOrResourceThatStandsTwiceIsRefused) {
    EXPECT_EQ(alter(t, {{"retention.ms", kSet, "9"}, {"retention.ms", kSet, "8"}}),
              ErrorCode::INVALID_REQUEST);
    cluster.create("u");
    const auto reply = alter({{t, {{"retention.ms", kSet, "9"}}},
                              {{ResourceType::topic, "u"}, {{"retention.ms", kSet, "7"}}},
                              {t, {{"cleanup.policy", kSet, "compact"}}}});
    ASSERT_EQ(reply.resources.size(), 3U);
    EXPECT_EQ(reply.resources[0].error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(reply.resources[1].error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.resources[2].error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_TRUE(topic().empty());
}

TEST_F(AlterConfigsTest, ResourcesMustExist) {
    struct Row {
        ConfigResource resource;
        ErrorCode expected;
    };
    const Row rows[] = {
        {{ResourceType::topic, "nope"}, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION},
        {{ResourceType::topic, "bad name"}, ErrorCode::INVALID_TOPIC_EXCEPTION},
        {{ResourceType::topic, ""}, ErrorCode::INVALID_REQUEST},
        {{ResourceType::broker, ""}, ErrorCode::NONE},
        {{ResourceType::broker, "1"}, ErrorCode::NONE},
        {{ResourceType::broker, "2"}, ErrorCode::BROKER_ID_NOT_REGISTERED},
        {{ResourceType::broker, "x"}, ErrorCode::INVALID_REQUEST},
        {{ResourceType::broker, "1x"}, ErrorCode::INVALID_REQUEST},
        {{ResourceType::broker_logger, "1"}, ErrorCode::INVALID_REQUEST},
        {{ResourceType::client_metrics, "m"}, ErrorCode::NONE},
        {{ResourceType::client_metrics, ""}, ErrorCode::INVALID_REQUEST},
        {{ResourceType::group, "g"}, ErrorCode::NONE},
        {{ResourceType::group, ""}, ErrorCode::INVALID_REQUEST},
        {{static_cast<ResourceType>(3), "x"}, ErrorCode::INVALID_REQUEST},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(error_name(alter(row.resource, {{"cleanup.policy", kSet, "x"}})),
                  error_name(row.expected))
            << static_cast<int>(row.resource.type) << " '" << row.resource.name << "'";
    }
}

TEST_F(AlterConfigsTest, WithEligibleLeaderReplicasTheMinimumIsrIsNotForOneBroker) {
    const ConfigResource one{ResourceType::broker, "1"};
    const ConfigResource all{ResourceType::broker, ""};
    EXPECT_EQ(cluster.image().config(ResourceType::broker, ""),
              (ConfigMap{{"min.insync.replicas", "1"}}));
    EXPECT_EQ(alter(one, {{"min.insync.replicas", kSet, "2"}}), ErrorCode::INVALID_CONFIG);
    EXPECT_EQ(alter(all, {{"min.insync.replicas", kRemove, kNull}}), ErrorCode::INVALID_CONFIG);
    EXPECT_EQ(alter(all, {{"min.insync.replicas", kSet, "2"}}), ErrorCode::NONE);
    EXPECT_EQ(alter(t, {{"min.insync.replicas", kSet, "3"}}), ErrorCode::NONE);
}

TEST_F(AlterConfigsTest, OnlyChangesAreWrittenButForBrokersAlways) {
    const ConfigResource broker{ResourceType::broker, "1"};
    for (const auto& [resource, again] : {std::pair{t, 0U}, {broker, 1U}}) {
        IncrementalAlterConfigs request;
        request.resources = {{resource, {{"cleanup.policy", kSet, "compact"}}}};
        cluster.ask(request);
        EXPECT_EQ(cluster.decide(request).records.size(), again);
    }
}

TEST_F(AlterConfigsTest, TheOlderFormReplacesEverything) {
    alter(t, {{"retention.ms", kSet, "5"}, {"cleanup.policy", kSet, "compact"}});
    struct Row {
        const char* what;
        std::vector<CreateTopics::Setting> settings;
        ErrorCode expected;
        ConfigMap after;
    };
    const ConfigMap both{{"cleanup.policy", "compact"}, {"retention.ms", "5"}};
    const Row rows[] = {
        {"null", {{"retention.ms", std::nullopt}}, ErrorCode::INVALID_REQUEST, both},
        {"twice", {{"retention.ms", "1"}, {"retention.ms", "2"}}, ErrorCode::INVALID_REQUEST, both},
        {"unknown", {{"nope", "1"}}, ErrorCode::INVALID_CONFIG, both},
        {"one", {{"retention.ms", "6"}}, ErrorCode::NONE, {{"retention.ms", "6"}}},
        {"none", {}, ErrorCode::NONE, {}},
    };
    for (const auto& row : rows) {
        AlterConfigs request;
        request.resources = {{t, row.settings}};
        EXPECT_EQ(error_name(cluster.ask(request).resources.at(0).error.code),
                  error_name(row.expected))
            << row.what;
        EXPECT_EQ(topic(), row.after) << row.what;
    }
}

TEST_F(AlterConfigsTest, TheOlderFormMayNotDropTheMinimumIsrOfAllBrokers) {
    AlterConfigs request;
    request.resources = {{{ResourceType::broker, ""}, {{"log.cleaner.threads", "1"}}}};
    EXPECT_EQ(cluster.ask(request).resources[0].error.code, ErrorCode::INVALID_CONFIG);
}

TEST_F(AlterConfigsTest, ValidateOnlyWritesNothing) {
    IncrementalAlterConfigs request;
    request.validate_only = true;
    request.resources = {{t, {{"retention.ms", kSet, "5"}}}};
    EXPECT_EQ(cluster.ask(request).resources[0].error.code, ErrorCode::NONE);
    EXPECT_TRUE(topic().empty());
}

}  // namespace
}  // namespace milena::metadata
