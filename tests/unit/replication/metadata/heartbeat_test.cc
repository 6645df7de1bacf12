// Sessions, fencing, controlled shutdown, restarts, failed directories: what they do to brokers and
// to leadership.
#include "protocol/wire/metadata_record.h"
#include "replication/metadata/broker_lists.h"
#include "tests/unit/replication/metadata/test_cluster.h"

namespace milena::metadata {
namespace {

constexpr BrokerId k1{1};
constexpr BrokerId k2{2};
using std::chrono::milliseconds;

class ThreeBrokers : public ::testing::Test {
  protected:
    ThreeBrokers() {
        for (const int id : {1, 2, 3}) cluster.add_broker(id);
        cluster.create_on("t", ids({1, 2, 3}));
        cluster.create_on("two", ids({2, 1}));
        cluster.create_on("alone", ids({1}));
    }
    // A new process with the id of a broker.
    RegisterBroker restart_of(std::int32_t id, bool is_clean) {
        auto request = cluster.registration(id);
        request.log_dirs = cluster.image().broker(BrokerId(id))->log_dirs;
        if (is_clean) request.previous_epoch = cluster.epoch_of(id);
        return request;
    }
    BrokerHeartbeat shutdown_of(std::int32_t id) const {
        auto request = cluster.heartbeat(id, cluster.epoch_of(id));
        request.want_shut_down = true;
        return request;
    }
    const BrokerImage& broker(std::int32_t id) const {
        return *cluster.image().broker(BrokerId(id));
    }

    TestCluster cluster;
};

TEST_F(ThreeBrokers, ASessionLastsForItsTimeoutAfterEachHeartbeat) {
    cluster.advance(milliseconds(6000));
    cluster.beat(1);
    cluster.advance(milliseconds(3000));
    EXPECT_EQ(cluster.ask(FenceExpiredBroker{}).fenced, kNoBroker);
    cluster.advance(milliseconds(1));
    auto reply = cluster.ask(FenceExpiredBroker{});
    EXPECT_EQ(reply.fenced, k2);
    EXPECT_TRUE(reply.has_more);
    reply = cluster.ask(FenceExpiredBroker{});
    EXPECT_EQ(reply.fenced, BrokerId(3));
    EXPECT_FALSE(reply.has_more);
    EXPECT_EQ(cluster.ask(FenceExpiredBroker{}).fenced, kNoBroker);
    EXPECT_FALSE(broker(1).is_fenced);
    EXPECT_EQ(cluster.partition("t").isr, ids({1}));
    EXPECT_EQ(cluster.partition("two").leader, k1);
}

TEST_F(ThreeBrokers, ANewControllerGivesEveryBrokerAFreshSession) {
    const MonoTime later = MonoTime{} + std::chrono::hours(1);
    const Controller next(cluster.options_, cluster.rules_,
                          std::make_shared<Image>(cluster.image()), later);
    SeededRandom random(1);
    const auto fenced_at = [&](MonoTime now) {
        const auto decision = next.decide(FenceExpiredBroker{}, cluster.end(), now, random);
        return std::get<FenceExpiredBroker::Reply>(decision.reply).fenced;
    };
    EXPECT_EQ(fenced_at(later + milliseconds(9000)), kNoBroker);
    EXPECT_EQ(fenced_at(later + milliseconds(9001)), k1);
    EXPECT_EQ(next.sessions().next_expiry(cluster.image(), milliseconds(9000)),
              later + milliseconds(9000));
}

TEST_F(ThreeBrokers, ANewProcessNeedNotWaitWhereItsPredecessorWasNotHeard) {
    const MonoTime later = MonoTime{} + std::chrono::hours(1);
    Controller next(cluster.options_, cluster.rules_, std::make_shared<Image>(cluster.image()),
                    later);
    SeededRandom random(1);
    const auto restarts = [&] {
        const auto decision = next.decide(restart_of(1, false), cluster.end(), later, random);
        return std::get<RegisterBroker::Reply>(decision.reply).error.code;
    };
    EXPECT_EQ(restarts(), ErrorCode::NONE);
    next.observe(
        next.decide(cluster.heartbeat(1, cluster.epoch_of(1)), cluster.end(), later, random));
    EXPECT_EQ(restarts(), ErrorCode::DUPLICATE_BROKER_REGISTRATION);
}

TEST_F(ThreeBrokers, ALostConnectionFencesAtOnceButNotALaterRegistration) {
    const auto epoch = cluster.epoch_of(1);
    EXPECT_FALSE(cluster.ask(BrokerConnectionLost{k1, BrokerEpoch(epoch.value() - 1)}).was_fenced);
    EXPECT_FALSE(cluster.ask(BrokerConnectionLost{BrokerId(9), epoch}).was_fenced);
    EXPECT_TRUE(cluster.ask(BrokerConnectionLost{k1, epoch}).was_fenced);
    EXPECT_FALSE(cluster.ask(BrokerConnectionLost{k1, epoch}).was_fenced);
    EXPECT_TRUE(broker(1).is_fenced);
    EXPECT_EQ(cluster.partition("t").leader, k2);
    EXPECT_EQ(cluster.partition("t").isr, ids({2, 3}));
    EXPECT_EQ(cluster.partition("t").leader_epoch, LeaderEpoch(1));
    EXPECT_EQ(cluster.partition("two").isr, ids({2}));
    EXPECT_EQ(cluster.partition("two").leader_epoch, LeaderEpoch(0));
    const auto& alone = cluster.partition("alone");
    EXPECT_EQ(alone.leader, kNoBroker);
    EXPECT_TRUE(alone.isr.empty());
    EXPECT_EQ(alone.elr, ids({1}));
    // It was not dead.
    EXPECT_FALSE(cluster.beat(1).is_fenced);
    EXPECT_EQ(cluster.partition("alone").leader, k1);
    EXPECT_EQ(cluster.partition("alone").isr, ids({1}));
    EXPECT_EQ(cluster.partition("t").leader, k2);
}

// Kafka's order: partitions first, then the broker, so that a decision that is cut off is repeated.
TEST_F(ThreeBrokers, FencingWritesThePartitionsAndThenTheBroker) {
    const auto decision = cluster.decide(BrokerConnectionLost{k1, cluster.epoch_of(1)});
    ASSERT_EQ(decision.records.size(), 4U);
    Arena arena;
    std::vector<std::size_t> types;
    for (std::size_t i = 0; i < decision.records.size(); ++i) {
        const auto decoded = decode_metadata_record(decision.records[i], arena);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(std::holds_alternative<msg::PartitionChangeRecord>(decoded->record), i < 3);
        if (i < 3) continue;
        const auto& change = std::get<msg::BrokerRegistrationChangeRecord>(decoded->record);
        EXPECT_EQ(change.broker_id, k1);
        EXPECT_EQ(change.fenced, 1);
    }
}

TEST_F(ThreeBrokers, ABrokerMayAskToBeFenced) {
    auto request = cluster.heartbeat(1, cluster.epoch_of(1));
    request.want_fence = true;
    EXPECT_TRUE(cluster.ask(request).is_fenced);
    EXPECT_EQ(cluster.partition("t").leader, k2);
}

TEST_F(ThreeBrokers, ControlledShutdownMovesLeadersAndWaitsUntilTheOthersKnow) {
    auto reply = cluster.ask(shutdown_of(1));
    EXPECT_FALSE(reply.should_shut_down);
    EXPECT_FALSE(reply.is_fenced);
    EXPECT_TRUE(broker(1).in_controlled_shutdown);
    EXPECT_EQ(cluster.partition("t").leader, k2);
    EXPECT_EQ(cluster.partition("t").isr, ids({2, 3}));
    EXPECT_EQ(cluster.partition("alone").leader, kNoBroker);
    const Offset moved = cluster.end();

    EXPECT_FALSE(cluster.ask(shutdown_of(1)).should_shut_down);
    cluster.beat(2);
    EXPECT_FALSE(cluster.ask(shutdown_of(1)).should_shut_down);
    auto behind = cluster.heartbeat(3, cluster.epoch_of(3));
    behind.metadata_end = moved + (-1);
    cluster.ask(behind);
    EXPECT_FALSE(cluster.ask(shutdown_of(1)).should_shut_down);
    behind.metadata_end = moved;
    cluster.ask(behind);
    reply = cluster.ask(shutdown_of(1));
    EXPECT_TRUE(reply.should_shut_down);
    EXPECT_TRUE(reply.is_fenced);
    EXPECT_TRUE(broker(1).is_fenced);
}

TEST_F(ThreeBrokers, WhoLeadsNothingMayShutDownAtOnce) {
    const auto reply = cluster.ask(shutdown_of(3));
    EXPECT_TRUE(reply.should_shut_down);
    EXPECT_TRUE(broker(3).is_fenced);
    EXPECT_EQ(cluster.partition("t").isr, ids({1, 2}));
    const auto again = cluster.decide(shutdown_of(3));
    EXPECT_TRUE(std::get<BrokerHeartbeat::Reply>(again.reply).should_shut_down);
    EXPECT_TRUE(again.records.empty());
}

TEST_F(ThreeBrokers, ABrokerThatShutsDownGetsNoNewReplicasUntilItIsGone) {
    cluster.ask(shutdown_of(1));
    EXPECT_EQ(error_name(cluster.create("x", 1, 3).error.code), "INVALID_REPLICATION_FACTOR");
    cluster.kill(1);
    EXPECT_EQ(cluster.create("x", 1, 3).error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("x").replicas.back(), k1);
}

TEST_F(ThreeBrokers, AnotherProcessMayNotTakeTheIdWhileTheSessionLasts) {
    EXPECT_EQ(cluster.ask(restart_of(1, true)).error.code,
              ErrorCode::DUPLICATE_BROKER_REGISTRATION);
    cluster.advance(milliseconds(9000));
    EXPECT_EQ(cluster.ask(restart_of(1, true)).error.code,
              ErrorCode::DUPLICATE_BROKER_REGISTRATION);
    cluster.advance(milliseconds(1));
    EXPECT_EQ(cluster.ask(restart_of(1, true)).error.code, ErrorCode::NONE);
    EXPECT_TRUE(broker(1).is_fenced);
    EXPECT_EQ(cluster.partition("t").leader, k2);
}

TEST_F(ThreeBrokers, AfterACleanStopABrokerStaysEligible) {
    cluster.set(ResourceType::topic, "two", "min.insync.replicas", "2");
    cluster.kill(1);
    EXPECT_EQ(cluster.partition("two").elr, ids({1}));
    ASSERT_EQ(cluster.ask(restart_of(1, true)).error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("two").elr, ids({1}));
}

TEST_F(ThreeBrokers, AfterAnUncleanStopItIsNot) {
    cluster.set(ResourceType::topic, "two", "min.insync.replicas", "2");
    cluster.kill(1);
    ASSERT_EQ(cluster.ask(restart_of(1, false)).error.code, ErrorCode::NONE);
    EXPECT_TRUE(cluster.partition("two").elr.empty());
    EXPECT_EQ(cluster.partition("two").isr, ids({2}));
}

// Before anybody noticed that it was gone: it must not lead with records lost.
TEST_F(ThreeBrokers, ALeaderThatRestartsUncleanlyBeforeItIsFencedLosesItsPartitions) {
    auto request = restart_of(1, false);
    request.is_local = true;
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").leader, k2);
    EXPECT_EQ(cluster.partition("t").isr, ids({2, 3}));
    EXPECT_EQ(cluster.partition("t").leader_epoch, LeaderEpoch(1));
    // Only it has the records: it leads again, in a new epoch.
    EXPECT_EQ(cluster.partition("alone").leader, k1);
    EXPECT_EQ(cluster.partition("alone").leader_epoch, LeaderEpoch(0));
    EXPECT_FALSE(cluster.ask(cluster.heartbeat(1, reply.epoch)).is_fenced);
    EXPECT_EQ(cluster.partition("alone").leader_epoch, LeaderEpoch(1));
    EXPECT_EQ(cluster.partition("t").leader, k2);
}

TEST_F(ThreeBrokers, TheRegistrationIsNewerThanTheChangesThatCameWithIt) {
    cluster.kill(2);
    auto request = restart_of(1, false);
    request.is_local = true;
    const auto reply = cluster.ask(request);
    EXPECT_EQ(reply.epoch.value(), cluster.end().value() - 1);
}

TEST_F(ThreeBrokers, WhenEveryReplicaIsLostTheLastKnownLeaderLeadsAndRecovers) {
    cluster.kill(1);
    cluster.kill(2);
    EXPECT_EQ(cluster.partition("two").elr, ids({2}));
    EXPECT_EQ(cluster.partition("two").last_known_elr, ids({2}));
    for (const int id : {1, 2}) {
        ASSERT_EQ(cluster.ask(restart_of(id, false)).error.code, ErrorCode::NONE);
    }
    EXPECT_TRUE(cluster.partition("two").elr.empty());
    cluster.beat(1);
    EXPECT_EQ(cluster.partition("two").leader, kNoBroker);
    cluster.beat(2);
    const auto& two = cluster.partition("two");
    EXPECT_EQ(two.leader, k2);
    EXPECT_EQ(two.isr, ids({2}));
    EXPECT_EQ(two.leader_recovery_state, LeaderRecoveryState::recovering);
    EXPECT_TRUE(two.last_known_elr.empty());
    EXPECT_EQ(cluster.propose("two", ids({2})), ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("two").leader_recovery_state, LeaderRecoveryState::recovered);
}

TEST_F(ThreeBrokers, ReplicasInAFailedDirectoryGiveUpTheirLeadership) {
    auto request = cluster.registration(4);
    const DirectoryId good = request.log_dirs[0];
    const DirectoryId bad(cluster.random().uuid());
    request.log_dirs.push_back(bad);
    const auto epoch = cluster.ask(request).epoch;
    cluster.ask(cluster.heartbeat(4, epoch));
    cluster.create_on("in-good", ids({4, 2}));
    cluster.create_on("in-bad", ids({4, 2}));
    AssignReplicasToDirs assign;
    assign.broker = BrokerId(4);
    assign.broker_epoch = epoch;
    assign.directories = {{good, {{cluster.image().topic("in-good")->id, {PartitionIndex(0)}}}},
                          {bad, {{cluster.image().topic("in-bad")->id, {PartitionIndex(0)}}}}};
    const auto assigned = cluster.ask(assign);
    ASSERT_EQ(assigned.error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("in-bad").directories[0], bad);
    EXPECT_EQ(cluster.partition("in-bad").leader, BrokerId(4));

    auto beat = cluster.heartbeat(4, epoch);
    beat.offline_dirs = {bad};
    EXPECT_FALSE(cluster.ask(beat).is_fenced);
    EXPECT_EQ(broker(4).log_dirs, std::vector{good});
    EXPECT_EQ(cluster.partition("in-good").leader, BrokerId(4));
    EXPECT_EQ(cluster.partition("in-bad").leader, k2);
    EXPECT_EQ(cluster.partition("in-bad").isr, ids({2}));
    EXPECT_TRUE(cluster.decide(beat).records.empty());
    // It cannot come back there, whatever is asked.
    cluster.kill(2);
    EXPECT_EQ(cluster.partition("in-bad").leader, kNoBroker);

    beat.offline_dirs = {bad, good};
    EXPECT_TRUE(cluster.ask(beat).is_fenced);
    EXPECT_TRUE(broker(4).is_fenced);
}

TEST_F(ThreeBrokers, AnUnregisteredBrokerLeavesEveryIsrAndElr) {
    cluster.set(ResourceType::topic, "t", "min.insync.replicas", "3");
    cluster.kill(3);
    EXPECT_EQ(cluster.partition("t").elr, ids({3}));
    EXPECT_EQ(cluster.ask(UnregisterBroker{BrokerId(3)}).error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().broker(BrokerId(3)), nullptr);
    EXPECT_TRUE(cluster.partition("t").elr.empty());
    EXPECT_EQ(cluster.ask(UnregisterBroker{BrokerId(3)}).error.code,
              ErrorCode::BROKER_ID_NOT_REGISTERED);
    EXPECT_EQ(cluster.ask(UnregisterBroker{k1}).error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.partition("t").leader, k2);
}

TEST_F(ThreeBrokers, ANoOpChangesNothingButTheEnd) {
    const Image before = cluster.image();
    const Offset end = cluster.end();
    cluster.ask(WriteNoOp{});
    EXPECT_TRUE(same_state(before, cluster.image()));
    EXPECT_EQ(cluster.end(), end + 1);
}

TEST_F(ThreeBrokers, UncleanElectionHappensWhereTheTopicAllowsIt) {
    cluster.set(ResourceType::topic, "two", "unclean.leader.election.enable", "true");
    cluster.propose("two", ids({2}));
    cluster.kill(2);
    const auto& two = cluster.partition("two");
    EXPECT_EQ(two.leader, k1);
    EXPECT_EQ(two.isr, ids({1}));
    EXPECT_EQ(two.leader_recovery_state, LeaderRecoveryState::recovering);
}

}  // namespace
}  // namespace milena::metadata
