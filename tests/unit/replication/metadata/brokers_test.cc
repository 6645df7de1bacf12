// Registration, heartbeats, producer ids and what happens to leadership when the broker comes back.
#include "protocol/msg/records/partition_change_record.h"
#include "replication/metadata/record_codec.h"
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

constexpr BrokerId k1{1};

TEST(Bootstrap, ANewClusterFinalizesWhatKafkaFinalizes) {
    TestCluster cluster;
    const auto& features = cluster.image().features;
    const std::map<std::string, std::int16_t, std::less<>> expected{
        {"metadata.version", 29}, {"eligible.leader.replicas.version", 1},
        {"group.version", 1},     {"share.version", 1},
        {"streams.version", 1},   {"transaction.version", 2}};
    EXPECT_EQ(features, expected);
    EXPECT_EQ(cluster.image().feature_level("kraft.version"), 0);
}

TEST(RegisterBroker, ANewBrokerIsFencedUntilItHasSeenItsRegistration) {
    TestCluster cluster;
    const auto reply = cluster.ask(cluster.registration(1));
    ASSERT_EQ(reply.error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.epoch.value(), cluster.image().provenance.end.value() - 1);
    EXPECT_TRUE(cluster.image().broker(k1)->is_fenced);

    auto early = cluster.heartbeat(1, reply.epoch);
    early.metadata_end = Offset(reply.epoch.value());
    EXPECT_TRUE(cluster.ask(early).is_fenced);
    auto unwilling = cluster.heartbeat(1, reply.epoch);
    unwilling.want_fence = true;
    EXPECT_TRUE(cluster.ask(unwilling).is_fenced);
    const auto ready = cluster.ask(cluster.heartbeat(1, reply.epoch));
    EXPECT_FALSE(ready.is_fenced);
    EXPECT_TRUE(ready.is_caught_up);
    EXPECT_TRUE(cluster.image().broker(k1)->is_active());
    EXPECT_TRUE(cluster.decide(cluster.heartbeat(1, reply.epoch)).records.empty());
}

TEST(RegisterBroker, RegistrationsThatCannotBeRightAreRefused) {
    TestCluster cluster;
    cluster.add_broker(2);
    const DirectoryId taken = cluster.image().broker(BrokerId(2))->log_dirs[0];
    struct Row {
        const char* what;
        std::function<void(RegisterBroker&)> spoil;
        ErrorCode expected;
    };
    const Row rows[] = {
        {"fine", [](RegisterBroker&) {}, ErrorCode::NONE},
        {"other cluster", [](RegisterBroker& r) { r.cluster_id = "x"; },
         ErrorCode::INCONSISTENT_CLUSTER_ID},
        {"no directories", [](RegisterBroker& r) { r.log_dirs.clear(); },
         ErrorCode::INVALID_REGISTRATION},
        {"directory twice", [](RegisterBroker& r) { r.log_dirs.push_back(r.log_dirs[0]); },
         ErrorCode::INVALID_REGISTRATION},
        {"reserved directory", [](RegisterBroker& r) { r.log_dirs = {DirectoryId(Uuid{0, 2})}; },
         ErrorCode::INVALID_REGISTRATION},
        {"another's directory", [&](RegisterBroker& r) { r.log_dirs = {taken}; },
         ErrorCode::INVALID_REGISTRATION},
        {"no features", [](RegisterBroker& r) { r.features.clear(); },
         ErrorCode::INVALID_REGISTRATION},
        {"a finalized feature less", [](RegisterBroker& r) { r.features.resize(1); },
         ErrorCode::UNSUPPORTED_VERSION},
        {"a feature that is not finalized, from level 1",
         [](RegisterBroker& r) { r.features.push_back({"new.version", 1, 2}); },
         ErrorCode::UNSUPPORTED_VERSION},
        {"too old", [](RegisterBroker& r) { r.features[0].max = 28; },
         ErrorCode::UNSUPPORTED_VERSION},
        {"id of a running broker", [](RegisterBroker& r) { r.id = BrokerId(2); },
         ErrorCode::DUPLICATE_BROKER_REGISTRATION},
    };
    for (const auto& row : rows) {
        auto request = cluster.registration(1);
        row.spoil(request);
        const auto decision = cluster.decide(request);
        const auto& error = std::get<RegisterBroker::Reply>(decision.reply).error;
        EXPECT_EQ(error_name(error.code), error_name(row.expected)) << row.what << error.detail;
        EXPECT_EQ(decision.records.empty(), row.expected != ErrorCode::NONE) << row.what;
    }
}

TEST(RegisterBroker, TheSameIncarnationKeepsItsEpoch) {
    TestCluster cluster;
    const auto request = cluster.registration(1);
    const auto first = cluster.ask(request);
    cluster.ask(cluster.heartbeat(1, first.epoch));
    const auto second = cluster.ask(request);
    EXPECT_EQ(second.error.code, ErrorCode::NONE);
    EXPECT_EQ(second.epoch, first.epoch);
    EXPECT_FALSE(cluster.image().broker(k1)->is_fenced);
}

TEST(Heartbeat, UnknownAndStaleBrokersAreTold) {
    TestCluster cluster;
    EXPECT_EQ(cluster.ask(cluster.heartbeat(1, BrokerEpoch(3))).error.code,
              ErrorCode::STALE_BROKER_EPOCH);
    const auto epoch = cluster.add_broker(1);
    EXPECT_EQ(cluster.ask(cluster.heartbeat(1, BrokerEpoch(epoch.value() - 1))).error.code,
              ErrorCode::STALE_BROKER_EPOCH);
}

TEST(Heartbeat, ABrokerThatComesBackLeadsAgainInANewEpoch) {
    TestCluster cluster;
    cluster.add_broker(1);
    cluster.create("t", 3);
    auto again = cluster.registration(1);
    again.is_local = true;
    const auto reply = cluster.ask(again);
    ASSERT_EQ(reply.error.code, ErrorCode::NONE) << reply.error.detail;
    cluster.ask(cluster.heartbeat(1, reply.epoch));
    for (const auto& partition : cluster.image().topic("t")->partitions) {
        EXPECT_EQ(partition->leader, k1);
        EXPECT_EQ(partition->leader_epoch, LeaderEpoch(1));
        EXPECT_EQ(partition->partition_epoch, PartitionEpoch(1));
        EXPECT_EQ(partition->isr, (std::vector{k1}));
    }
}

// As Kafka leaves a node of its own when it stops: no leader, empty ISR, one eligible replica.
TEST(Heartbeat, ABrokerTakesUpPartitionsThatHaveNoLeader) {
    TestCluster cluster;
    const auto epoch = cluster.add_broker(1);
    const TopicId id = cluster.create("t").id;
    std::vector<BrokerId> self{k1};
    msg::PartitionChangeRecord stop;
    stop.topic_id = id;
    stop.partition_id = PartitionIndex(0);
    stop.leader = kNoBroker;
    stop.isr = Array<BrokerId>();
    stop.eligible_leader_replicas = Array<BrokerId>(self);
    stop.last_known_elr = Array<BrokerId>(self);
    RecordList records;
    add_record(records, stop, ApiVersion(2));
    cluster.commit(records);
    ASSERT_EQ(cluster.image().topic(id)->partitions[0]->leader, kNoBroker);

    auto again = cluster.registration(1);
    again.is_local = true;
    cluster.ask(cluster.heartbeat(1, cluster.ask(again).epoch));
    const auto& partition = *cluster.image().topic(id)->partitions[0];
    EXPECT_EQ(partition.leader, k1);
    EXPECT_EQ(partition.isr, self);
    EXPECT_TRUE(partition.elr.empty());
    EXPECT_TRUE(partition.last_known_elr.empty());
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch(2));
    EXPECT_NE(epoch, cluster.image().broker(k1)->epoch);
}

TEST(ProducerIds, BlocksFollowEachOther) {
    TestCluster cluster;
    const auto epoch = cluster.add_broker(1);
    const AllocateProducerIds request{.broker = k1, .broker_epoch = epoch};
    for (const std::int64_t first : {0, 1000, 2000}) {
        const auto reply = cluster.ask(request);
        EXPECT_EQ(reply.error.code, ErrorCode::NONE);
        EXPECT_EQ(reply.first, ProducerId(first));
        EXPECT_EQ(reply.count, 1000);
    }
    EXPECT_EQ(cluster.image().next_producer_id, ProducerId(3000));
}

TEST(ProducerIds, OnlyRegisteredBrokersGetThem) {
    TestCluster cluster;
    const auto epoch = cluster.add_broker(1);
    EXPECT_EQ(cluster.ask(AllocateProducerIds{BrokerId(2), epoch}).error.code,
              ErrorCode::STALE_BROKER_EPOCH);
    EXPECT_EQ(cluster.ask(AllocateProducerIds{k1, BrokerEpoch(epoch.value() + 1)}).error.code,
              ErrorCode::STALE_BROKER_EPOCH);
}

TEST(RegisterController, TheLastRegistrationStands) {
    TestCluster cluster;
    for (const std::uint64_t incarnation : {1, 2}) {
        RegisterController request;
        request.id = k1;
        request.incarnation = Uuid{0, incarnation};
        request.endpoints = {{"CONTROLLER", "127.0.0.1", 9093, SecurityProtocol::plaintext}};
        EXPECT_EQ(cluster.ask(request).error.code, ErrorCode::NONE);
    }
    ASSERT_EQ(cluster.image().controllers.size(), 1U);
    EXPECT_EQ(cluster.image().controller(k1)->incarnation, (Uuid{0, 2}));
    EXPECT_EQ(cluster.image().controller(k1)->endpoints.at(0).port, 9093);
}

}  // namespace
}  // namespace milena::metadata
