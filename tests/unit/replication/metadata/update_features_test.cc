// UpdateFeatures: codes as Kafka 4.2 answers them; all or nothing.
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

using Feature = UpdateFeatures::Feature;
constexpr auto kUpgrade = UpgradeType::upgrade;
constexpr auto kSafe = UpgradeType::safe_downgrade;
constexpr auto kUnsafe = UpgradeType::unsafe_downgrade;

TEST(Features, AreUpdatedWithinWhatEveryNodeSupports) {
    struct Row {
        const char* what;
        Feature feature;
        ErrorCode expected;
    };
    const ErrorCode invalid = ErrorCode::INVALID_UPDATE_VERSION;
    const Row rows[] = {
        {"downgrade by mistake", {"transaction.version", 1, kUpgrade}, invalid},
        {"downgrade", {"transaction.version", 1, kSafe}, ErrorCode::NONE},
        {"downgrade to nothing", {"transaction.version", 0, kUnsafe}, ErrorCode::NONE},
        {"upgrade", {"transaction.version", 2, kUpgrade}, ErrorCode::NONE},
        {"same level", {"transaction.version", 2, kUpgrade}, ErrorCode::NONE},
        {"upgrade called downgrade", {"transaction.version", 3, kSafe}, invalid},
        {"not supported", {"transaction.version", 3, kUpgrade}, invalid},
        {"negative", {"transaction.version", -1, kSafe}, invalid},
        {"unknown type", {"transaction.version", 1, static_cast<UpgradeType>(4)}, invalid},
        {"unknown feature", {"no.version", 1, kUpgrade}, invalid},
        {"of the quorum", {"kraft.version", 1, kUpgrade}, invalid},
        {"metadata without new records", {"metadata.version", 23, kSafe}, ErrorCode::NONE},
        {"metadata that would be lost", {"metadata.version", 22, kSafe}, invalid},
        {"even by force", {"metadata.version", 22, kUnsafe}, invalid},
        {"metadata too old", {"metadata.version", 6, kUnsafe}, invalid},
        {"metadata unknown", {"metadata.version", 30, kUpgrade}, invalid},
    };
    TestCluster cluster;
    cluster.add_broker(1);
    for (const auto& row : rows) {
        UpdateFeatures request;
        request.features = {row.feature};
        const auto reply = cluster.ask(request);
        EXPECT_EQ(error_name(reply.error.code), error_name(row.expected))
            << row.what << ": " << reply.error.detail;
        if (row.expected == ErrorCode::NONE) {
            EXPECT_EQ(cluster.image().feature_level(row.feature.name), row.feature.level)
                << row.what;
        }
    }
}

TEST(Features, AreUpdatedTogetherOrNotAtAll) {
    TestCluster cluster;
    UpdateFeatures request;
    request.features = {{"group.version", 0, kSafe}, {"transaction.version", 7, kUpgrade}};
    EXPECT_EQ(cluster.ask(request).error.code, ErrorCode::INVALID_UPDATE_VERSION);
    EXPECT_EQ(cluster.image().feature_level("group.version"), 1);
    request.features.pop_back();
    request.validate_only = true;
    EXPECT_EQ(cluster.ask(request).error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().feature_level("group.version"), 1);
    request.validate_only = false;
    cluster.ask(request);
    EXPECT_EQ(cluster.image().feature_level("group.version"), 0);
}

TEST(Features, ABrokerThatDoesNotSupportOneHoldsItBack) {
    TestCluster cluster;
    UpdateFeatures down;
    down.features = {{"transaction.version", 1, kSafe}};
    cluster.ask(down);
    auto old = cluster.registration(1);
    for (auto& range : old.features) {
        if (range.name == "transaction.version") range.max = 1;
    }
    ASSERT_EQ(cluster.ask(old).error.code, ErrorCode::NONE);
    UpdateFeatures up;
    up.features = {{"transaction.version", 2, kUpgrade}};
    const auto reply = cluster.ask(up);
    EXPECT_EQ(reply.error.code, ErrorCode::INVALID_UPDATE_VERSION);
    EXPECT_NE(reply.error.detail.find("broker 1"), std::string::npos) << reply.error.detail;
}

TEST(Features, EligibleLeadersBringOneMinimumIsrForTheCluster) {
    TestCluster cluster;
    cluster.options_.min_insync_replicas = 2;
    cluster.add_broker(1);
    UpdateFeatures off;
    off.features = {{"eligible.leader.replicas.version", 0, kSafe}};
    ASSERT_EQ(cluster.ask(off).error.code, ErrorCode::NONE);
    cluster.set(ResourceType::broker, "1", "min.insync.replicas", "3");
    IncrementalAlterConfigs remove;
    remove.resources = {
        {{ResourceType::broker, ""}, {{"min.insync.replicas", ConfigOp::remove, std::nullopt}}}};
    ASSERT_EQ(cluster.ask(remove).resources.at(0).error.code, ErrorCode::NONE);

    UpdateFeatures on;
    on.features = {{"eligible.leader.replicas.version", 1, kUpgrade}};
    ASSERT_EQ(cluster.ask(on).error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().config(ResourceType::broker, ""),
              (ConfigMap{{"min.insync.replicas", "2"}}));
    EXPECT_TRUE(cluster.image().config(ResourceType::broker, "1").empty());
}

TEST(Features, EligibleLeadersAreForgottenWithAnotherMinimumIsr) {
    TestCluster cluster;
    for (const int id : {1, 2}) cluster.add_broker(id);
    cluster.create_on("t", ids({1, 2}));
    cluster.create_on("u", ids({1, 2}));
    const auto make_eligible = [&] {
        cluster.kill(2);
        cluster.beat(2);
    };
    cluster.set(ResourceType::broker, "", "min.insync.replicas", "2");
    make_eligible();
    ASSERT_EQ(cluster.partition("t").elr, ids({2}));
    cluster.set(ResourceType::topic, "t", "min.insync.replicas", "1");
    EXPECT_TRUE(cluster.partition("t").elr.empty());
    EXPECT_EQ(cluster.partition("u").elr, ids({2}));
    cluster.set(ResourceType::broker, "", "min.insync.replicas", "1");
    EXPECT_TRUE(cluster.partition("u").elr.empty());
}

}  // namespace
}  // namespace milena::metadata
