// Our replay reads Kafka's own metadata log (tests/golden/metadata/README.md says what it holds).
#include "protocol/msg/records/leader_change_message.h"
#include "protocol/wire/frame.h"
#include "replication/metadata/batch_walk.h"
#include "replication/metadata/loader.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace milena::metadata {
namespace {

std::vector<std::uint8_t> golden(const std::string& name) {
    std::ifstream file(std::string(MILENA_SOURCE_DIR "/tests/golden/metadata/") + name,
                       std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Follow final : public BatchVisitor {
  public:
    Status on_record(ByteView value) override { return loader.apply(value); }
    Status on_control(ControlType type, ByteView value) override {
        EXPECT_EQ(type, ControlType::leader_change);
        Arena arena;
        const auto change = decode_message<msg::LeaderChangeMessage>(value, ApiVersion(0), arena);
        EXPECT_TRUE(change);
        leaders.push_back(change->leader_id);
        return {};
    }
    void on_batch_end(const BatchView& batch) override {
        EXPECT_EQ(batch.base_offset(), end);
        end = batch.last_offset() + 1;
        epoch = batch.leader_epoch();
    }

    Loader loader{std::make_shared<Image>()};
    std::vector<BrokerId> leaders;
    Offset end{0};
    LeaderEpoch epoch = kNoLeaderEpoch;
};

class KafkaLog : public ::testing::Test {
  protected:
    KafkaLog() {
        const auto bytes = golden("kafka-4.2.0.log");
        const auto walked = BatchWalk().walk(bytes, follow);
        EXPECT_TRUE(walked) << walked.error().detail;
        EXPECT_EQ(walked.value_or(0), bytes.size());
        change = follow.loader.take({});
    }

    Follow follow;
    ImageChange change;
};

TEST_F(KafkaLog, IsReadToItsEnd) {
    EXPECT_EQ(follow.end, Offset(78));
    EXPECT_EQ(follow.epoch, LeaderEpoch(3));
    EXPECT_EQ(follow.leaders.size(), 3U);
    EXPECT_FALSE(follow.loader.in_transaction());
    EXPECT_EQ(check_invariants(*change.image), std::nullopt);
}

TEST_F(KafkaLog, TopicsAreThoseThatWereLeft) {
    const Image& image = *change.image;
    EXPECT_EQ(image.topics_by_id.size(), 2U);
    EXPECT_EQ(image.topic("gone"), nullptr);
    const TopicImage* alpha = image.topic("alpha");
    ASSERT_NE(alpha, nullptr);
    EXPECT_EQ(alpha->id.value().to_string(), "eOYL2soMTCSkd6PZJTOUVQ");
    ASSERT_EQ(alpha->partitions.size(), 5U);
    ASSERT_NE(image.topic("beta.x"), nullptr);
    EXPECT_EQ(image.partition_count, 6U);
    EXPECT_EQ(change.delta.topics.size(), 2U);
}

// Kafka bumps the leader epoch when the leader goes and when it comes, twice per restart.
TEST_F(KafkaLog, PartitionsAreLedByTheBrokerAgain) {
    const std::vector<BrokerId> self{BrokerId(1)};
    for (const auto& partition : change.image->topic("alpha")->partitions) {
        EXPECT_EQ(partition->leader, BrokerId(1));
        EXPECT_EQ(partition->isr, self);
        EXPECT_EQ(partition->replicas, self);
        EXPECT_TRUE(partition->elr.empty());
        EXPECT_TRUE(partition->last_known_elr.empty());
        EXPECT_EQ(partition->leader_epoch, LeaderEpoch(4));
        EXPECT_EQ(partition->partition_epoch, PartitionEpoch(5));
        EXPECT_EQ(partition->leader_recovery_state, LeaderRecoveryState::recovering);
        ASSERT_EQ(partition->directories.size(), 1U);
        EXPECT_EQ(partition->directories[0], change.image->broker(BrokerId(1))->log_dirs.at(0));
    }
}

TEST_F(KafkaLog, SettingsFeaturesAndIdsAreThere) {
    const Image& image = *change.image;
    EXPECT_EQ(image.config(ResourceType::topic, "alpha"),
              (ConfigMap{{"cleanup.policy", "compact,delete"}, {"max.message.bytes", "2000000"}}));
    EXPECT_EQ(image.config(ResourceType::broker, ""),
              (ConfigMap{{"log.cleaner.threads", "2"}, {"min.insync.replicas", "1"}}));
    EXPECT_EQ(image.feature_level("metadata.version"), 29);
    EXPECT_EQ(image.feature_level("transaction.version"), 2);
    EXPECT_EQ(image.features.size(), 6U);
    EXPECT_EQ(image.next_producer_id, ProducerId(1000));
    // A SCRAM credential, an ACL, two quotas of three: one was removed again.
    EXPECT_EQ(image.scram->size(), 1U);
    EXPECT_EQ(image.acls->size(), 1U);
    std::size_t quotas = 0;
    for (const auto& [entity, values] : *image.client_quotas) quotas += values.size();
    EXPECT_EQ(quotas, 2U);
    EXPECT_TRUE(image.kept->empty());
}

TEST_F(KafkaLog, TheBrokerIsRegisteredAndActive) {
    const Image& image = *change.image;
    ASSERT_EQ(image.brokers.size(), 1U);
    const BrokerImage& broker = *image.brokers[0];
    EXPECT_EQ(broker.epoch, BrokerEpoch(64));
    EXPECT_TRUE(broker.is_active());
    EXPECT_EQ(
        broker.endpoints,
        (std::vector{Endpoint{"PLAINTEXT", "127.0.0.1", 29392, SecurityProtocol::plaintext}}));
    EXPECT_EQ(broker.rack, std::nullopt);
    EXPECT_EQ(broker.features.size(), 7U);
    ASSERT_EQ(image.controllers.size(), 1U);
    EXPECT_EQ(image.controllers[0]->endpoints.at(0).listener, "CONTROLLER");
}

TEST(BatchWalkTest, DamageIsToldWithItsPlace) {
    auto bytes = golden("kafka-4.2.0.log");
    Follow follow;
    bytes[200] ^= 1;
    const auto walked = BatchWalk().walk(bytes, follow);
    ASSERT_FALSE(walked);
    EXPECT_EQ(walked.error().code, ErrorCode::CORRUPT_MESSAGE);
    EXPECT_NE(walked.error().detail.find("offset 1 "), std::string::npos) << walked.error().detail;
}

TEST(BatchWalkTest, ABatchThatIsNotAllThereIsLeftForTheNextRead) {
    const auto bytes = golden("kafka-4.2.0.log");
    Follow follow;
    const auto walked = BatchWalk().walk(ByteView(bytes).first(100), follow);
    ASSERT_TRUE(walked);
    EXPECT_EQ(*walked, 91U);
    EXPECT_EQ(follow.end, Offset(1));
}

}  // namespace
}  // namespace milena::metadata
