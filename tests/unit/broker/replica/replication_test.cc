#include "broker/replica/replication.h"

#include "tests/unit/broker/replica/replicated_world.h"
#include "tests/unit/broker/support/woken.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using test::World;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr Millis kLag{1'000};

partition::Settings settings(partition::Durability durability = partition::Durability::disk,
                             std::int32_t min_isr = 1) {
    return {.min_isr = min_isr, .durability = durability, .replica_lag_time_max = kLag};
}

void expect_same_logs(World& world, std::initializer_list<int> nodes) {
    const auto first = world.content(*nodes.begin());
    for (const int node : nodes) EXPECT_EQ(world.content(node), first) << "node " << node;
}

TEST(Replication, FollowersCopyWhatTheirLeaderHas) {
    World world(3, settings());
    world.elect(1, {1, 2, 3});
    std::vector<AppendOutcome> outcomes;
    for (int i = 0; i < 20; ++i) {
        outcomes.push_back(world.append(1, Acks::all, "value " + std::to_string(i)).value());
        if (i % 3 == 0) world.settle();
    }
    world.settle();
    for (const auto& outcome : outcomes) EXPECT_TRUE(world.is_acknowledged(1, outcome));
    expect_same_logs(world, {1, 2, 3});
    EXPECT_EQ(world.high_watermark(1), Offset(20));
    // It comes with the answer after the next.
    world.advance(Millis(600));
    EXPECT_EQ(world.high_watermark(2), Offset(20));
    EXPECT_EQ(world.high_watermark(3), Offset(20));
}

TEST(Replication, AnAppendWakesAFetchThatWaits) {
    World world(2, settings());
    world.elect(1, {1, 2});
    world.settle();
    const auto before = world.executor().now();
    const auto outcome = world.append(1, Acks::all).value();
    world.settle();
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
    EXPECT_EQ(world.executor().now(), before);
}

TEST(Replication, WithDiskDurabilityTheSyncOfEveryReplicaInSyncIsWaitedFor) {
    for (const int slow : {1, 2, 3}) {
        World world(3, settings());
        world.elect(1, {1, 2, 3});
        world.settle();
        world.stall_disk(slow, true);
        const auto outcome = world.append(1, Acks::all).value();
        world.advance(Millis(200));
        EXPECT_EQ(world.end(2), Offset(1));
        EXPECT_FALSE(world.is_acknowledged(1, outcome)) << "node " << slow;
        world.stall_disk(slow, false);
        world.advance(Millis(200));
        EXPECT_TRUE(world.is_acknowledged(1, outcome)) << "node " << slow;
    }
}

TEST(Replication, WithPageCacheDurabilityNoSyncIsWaitedFor) {
    World world(3, settings(partition::Durability::page_cache));
    world.elect(1, {1, 2, 3});
    for (const int node : {1, 2, 3}) world.stall_disk(node, true);
    const auto outcome = world.append(1, Acks::all).value();
    world.settle();
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
}

TEST(Replication, WhatAnOldLeaderWroteAloneGoesWhenItFollows) {
    World world(3, settings());
    world.elect(1, {1, 2, 3});
    const auto kept = world.append(1, Acks::all, "kept").value();
    world.settle();
    ASSERT_TRUE(world.is_acknowledged(1, kept));

    world.cut(1);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.append(1, Acks::leader, "lost"));
    world.settle();
    world.elect(2, {2, 3});
    const auto newer = world.append(2, Acks::all, "newer").value();
    world.advance(Millis(100));
    EXPECT_TRUE(world.is_acknowledged(2, newer));
    EXPECT_EQ(world.end(1), Offset(4));

    world.heal(1);
    world.elect(2, {2, 3});
    world.advance(Millis(300));
    expect_same_logs(world, {1, 2, 3});
    EXPECT_THAT(world.isr(), UnorderedElementsAre(BrokerId(1), BrokerId(2), BrokerId(3)));
}

TEST(Replication, WhoLagsLeavesTheIsrAndComesBack) {
    World world(3, settings(partition::Durability::disk, 2));
    world.elect(1, {1, 2, 3});
    world.settle();
    world.cut(3);
    const auto outcome = world.append(1, Acks::all).value();
    world.advance(kLag / 2);
    EXPECT_FALSE(world.is_acknowledged(1, outcome));
    EXPECT_TRUE(world.partition(1).replication_view().leads);
    EXPECT_FALSE(world.partition(1).replication_view().under_replicated);
    world.advance(kLag);
    EXPECT_THAT(world.isr(), ElementsAre(BrokerId(1), BrokerId(2)));
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
    EXPECT_TRUE(world.partition(1).replication_view().under_replicated);
    EXPECT_EQ(world.partition(1).replication_view().furthest_behind, Offset(1));

    world.heal(3);
    world.advance(kLag);
    EXPECT_THAT(world.isr(), UnorderedElementsAre(BrokerId(1), BrokerId(2), BrokerId(3)));
    expect_same_logs(world, {1, 2, 3});
    EXPECT_FALSE(world.partition(1).replication_view().under_replicated);
}

TEST(Replication, BelowMinIsrNothingIsAcknowledged) {
    World world(2, settings(partition::Durability::disk, 2));
    world.elect(1, {1, 2});
    world.settle();
    world.cut(2);
    const auto outcome = world.append(1, Acks::all).value();
    world.advance(kLag * 3);
    EXPECT_THAT(world.isr(), ElementsAre(BrokerId(1)));
    EXPECT_FALSE(world.is_acknowledged(1, outcome));
    EXPECT_EQ(world.append(1, Acks::all).error().code, ErrorCode::NOT_ENOUGH_REPLICAS);
    EXPECT_TRUE(world.partition(1).replication_view().under_min_isr);
    world.heal(2);
    world.advance(kLag);
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
}

TEST(Replication, AProposalIsRepeatedUntilTheControllerAnswers) {
    World world(2, settings());
    world.elect(1, {1, 2});
    world.settle();
    world.cut(2);
    world.silence_controller(true);
    const auto outcome = world.append(1, Acks::all).value();
    world.advance(kLag * 3);
    EXPECT_EQ(world.isr().size(), 2U);
    EXPECT_FALSE(world.is_acknowledged(1, outcome));
    world.silence_controller(false);
    world.advance(Millis(200));
    EXPECT_THAT(world.isr(), ElementsAre(BrokerId(1)));
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
}

TEST(Replication, WhatWasAcknowledgedOutlivesThePowerOfAllNodes) {
    World world(3, settings());
    world.elect(1, {1, 2, 3});
    std::vector<AppendOutcome> acknowledged;
    for (int i = 0; i < 10; ++i) {
        const auto outcome = world.append(1, Acks::all, "value " + std::to_string(i)).value();
        world.settle();
        ASSERT_TRUE(world.is_acknowledged(1, outcome));
    }
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.append(1, Acks::leader, "in memory only"));
    for (const int node : {1, 2, 3}) world.power_cycle(node);
    world.elect(2, {2, 3});
    world.advance(kLag);
    EXPECT_GE(world.end(2), Offset(10));
    expect_same_logs(world, {1, 2, 3});
    EXPECT_THAT(world.isr(), UnorderedElementsAre(BrokerId(1), BrokerId(2), BrokerId(3)));
}

TEST(Replication, AFollowerThatStartsAnewFetchesWhatItMissed) {
    World world(2, settings());
    world.elect(1, {1, 2});
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(world.append(1, Acks::leader));
    world.settle();
    world.cut(2);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(world.append(1, Acks::leader));
    world.heal(2);
    world.power_cycle(2);
    world.advance(kLag);
    EXPECT_EQ(world.end(2), Offset(10));
    expect_same_logs(world, {1, 2});
    EXPECT_THAT(world.isr(), UnorderedElementsAre(BrokerId(1), BrokerId(2)));
}

TEST(Replication, MetadataOfThePastGivesNoRole) {
    World world(2, settings());
    world.elect(1, {1, 2});
    const auto past = world.epoch();
    ASSERT_TRUE(world.append(1, Acks::leader));
    world.settle();
    world.elect(2, {1, 2});
    const auto outcome = world.append(2, Acks::all).value();
    world.advance(Millis(100));
    ASSERT_TRUE(world.is_acknowledged(2, outcome));

    world.cut(1);
    world.power_cycle(1);
    const log::LogTime now{world.clock().wall_now(), world.clock().now()};
    auto& partition = world.partition(1);
    partition.become_follower({past, PartitionEpoch(0), BrokerId(2)}, Offset(0), now);
    EXPECT_FALSE(partition.following());
    const std::vector<BrokerId> both{BrokerId(1), BrokerId(2)};
    partition.become_leader({past, PartitionEpoch(0), both, both}, Offset(0), now.mono);
    EXPECT_EQ(world.append(1, Acks::leader).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);

    world.heal(1);
    world.elect(1, {1, 2});
    world.advance(Millis(100));
    expect_same_logs(world, {1, 2});
    EXPECT_EQ(world.end(2), Offset(2)) << "nothing was cut";
}

TEST(Replication, WhatTheLeaderHasDeletedIsSkipped) {
    World world(2, settings());
    world.elect(1, {1});
    world.cut(2);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(world.append(1, Acks::leader));
    world.settle();
    ASSERT_TRUE(world.partition(1).delete_records(Offset(6), world.clock().now()));
    world.heal(2);
    world.elect(1, {1});
    world.advance(kLag);
    EXPECT_EQ(world.end(2), Offset(10));
    EXPECT_EQ(world.partition(2).marks()->log_start_offset, Offset(6));
    expect_same_logs(world, {1, 2});
    EXPECT_THAT(world.isr(), UnorderedElementsAre(BrokerId(1), BrokerId(2)));
}

TEST(Replication, ADeletionIsCompleteWhenEveryFollowerHasDeleted) {
    World world(3, settings());
    world.elect(1, {1, 2, 3});
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(world.append(1, Acks::leader));
    world.advance(Millis(600));
    world.cut(3);
    auto& leader = world.partition(1);
    const auto deleted = leader.delete_records(Offset(4), world.clock().now()).value();
    EXPECT_FALSE(deleted.is_complete());
    const auto woken = std::make_shared<Woken>(world.executor());
    leader.park_deleter(deleted, woken);
    // Those who wait for records hear of it at once.
    world.settle();
    EXPECT_EQ(world.partition(2).marks()->log_start_offset, Offset(4));
    EXPECT_FALSE(leader.look_again(deleted)->is_complete());

    world.heal(3);
    world.advance(kLag);
    EXPECT_EQ(world.partition(3).marks()->log_start_offset, Offset(4));
    EXPECT_EQ(leader.look_again(deleted)->low_watermark, Offset(4));
    EXPECT_GT(woken->times, 0);
    leader.unpark_deleter(woken.get());

    const auto next = leader.delete_records(Offset(5), world.clock().now()).value();
    world.elect(2, {1, 2, 3});
    EXPECT_EQ(leader.look_again(next).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

TEST(Replication, BeyondItsLeaseALeaderAnswersNoClient) {
    World world(2, settings());
    world.replication(1).hold_lease(MonoTime::min());
    world.elect(1, {1, 2});
    world.settle();
    EXPECT_EQ(world.append(1, Acks::leader).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER)
        << "the controller has never answered";
    world.replication(1).hold_lease(world.clock().now() + Millis(500));
    const auto outcome = world.append(1, Acks::all).value();
    world.settle();
    EXPECT_TRUE(world.is_acknowledged(1, outcome));

    world.cut(2);
    const auto of_cluster =
        world.append(1, Acks::all, "of the cluster", log::AppendOrigin::coordinator).value();
    const auto waiting = world.append(1, Acks::all).value();
    const auto woken = std::make_shared<Woken>(world.executor());
    world.partition(1).park_producer(waiting, woken);
    world.advance(Millis(600));
    EXPECT_EQ(woken->times, 1);
    EXPECT_EQ(world.partition(1).is_acknowledged(waiting).error().code,
              ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(world.append(1, Acks::leader).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    EXPECT_EQ(world.partition(1).is_acknowledged(of_cluster), false);
    ReadRequest request;
    request.within_lease = true;
    request.now = world.clock().now();
    request.from = Offset(0);
    request.max_bytes = 1 << 20;
    EXPECT_EQ(world.partition(1).read(request).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER);

    world.heal(2);
    world.replication(1).hold_lease(world.clock().now() + Millis(500));
    EXPECT_TRUE(world.append(1, Acks::leader));
    EXPECT_TRUE(world.partition(1).read(request));
    world.advance(Millis(100));
    EXPECT_TRUE(world.is_acknowledged(1, waiting));
}

TEST(Replication, ATopicMadeAnewIsFetchedFromItsBeginning) {
    World world(3, settings());
    world.elect(1, {1, 2, 3});
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(world.append(1, Acks::leader, "old"));
    world.settle();
    ASSERT_TRUE(world.append(1, Acks::leader, "on its way"));
    world.make_anew(2, {1, 2, 3});
    const auto outcome = world.append(2, Acks::all, "new").value();
    world.advance(Millis(100));
    EXPECT_TRUE(world.is_acknowledged(2, outcome));
    EXPECT_EQ(world.end(1), Offset(1));
    expect_same_logs(world, {1, 2, 3});
    EXPECT_EQ(world.isr().size(), 3U);
}

TEST(Replication, AnAnswerThatPartsFromAnEpochGoneByHoldsNobodyUp) {
    World world(2, settings());
    world.elect(1, {1, 2});
    ASSERT_TRUE(world.append(1, Acks::leader));
    world.settle();
    // What the fetcher gives to the disk's threads may find another epoch when it gets there.
    const FetchedData late{.asked = {world.epoch() - 1, Offset(1), LeaderEpoch(0), Offset(0)},
                           .diverging = partition::EpochEnd{LeaderEpoch(0), Offset(0)},
                           .records = {}};
    EXPECT_TRUE(world.partition(2).take_fetched(late, {world.clock().wall_now(), {}}));
    const auto outcome = world.append(1, Acks::all).value();
    world.advance(Millis(50));
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
}

TEST(Replication, DamagedRecordsAreFetchedAgain) {
    World world(2, settings());
    world.elect(1, {1, 2});
    world.settle();
    world.damage_next_answer();
    const auto outcome = world.append(1, Acks::all).value();
    world.settle();
    EXPECT_EQ(world.end(2), Offset(0));
    world.advance(Millis(200));
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
    expect_same_logs(world, {1, 2});
}

TEST(Replication, AFollowerServesConsumersOfItsRack) {
    World world(3, settings());
    world.elect(1, {1, 2, 3});
    ASSERT_TRUE(world.append(1, Acks::all));
    world.advance(Millis(600));
    ReadRequest request;
    request.rack = "rack2";
    EXPECT_EQ(world.read(1, 0, request).preferred_replica, BrokerId(2));
    EXPECT_TRUE(world.read(1, 0, request).records.empty());
    const auto here = world.read(2, 0, request);
    EXPECT_EQ(here.preferred_replica, kNoBroker);
    EXPECT_FALSE(here.records.empty());
    request.rack = "elsewhere";
    EXPECT_FALSE(world.read(1, 0, request).records.empty());

    request.from = Offset(0);
    EXPECT_EQ(world.partition(2).read(request).error().code, ErrorCode::NOT_LEADER_OR_FOLLOWER)
        << "unless the version of the fetch knows of it";
}

TEST(Replication, AFetchFromAPastLifeOfABrokerCountsForNothing) {
    World world(2, settings());
    world.elect(1, {1, 2});
    world.cut(2);
    const auto outcome = world.append(1, Acks::all).value();
    world.settle();
    ReadRequest request;
    request.from = Offset(1);
    request.max_bytes = 1 << 20;
    request.reader = partition::Reader::replica;
    request.now = world.clock().now();
    const BrokerEpoch past(world.broker_epoch(2).value() - 1);
    const ReplicaFetch fetch{BrokerId(2), past, Offset(0)};
    ASSERT_TRUE(world.partition(1).read_as_replica(request, fetch));
    EXPECT_FALSE(world.is_acknowledged(1, outcome));
    const ReplicaFetch present{BrokerId(2), world.broker_epoch(2), Offset(0)};
    ASSERT_TRUE(world.partition(1).read_as_replica(request, present));
    EXPECT_TRUE(world.is_acknowledged(1, outcome));

    EXPECT_EQ(world.partition(1).read_as_replica(request, {BrokerId(9)}).error().code,
              ErrorCode::UNKNOWN_LEADER_EPOCH);
}

TEST(Replication, WhoCatchesUpIsThrottledAndWhoIsInSyncIsNot) {
    struct Case {
        const char* what;
        World::Tuning tuning;
    };
    const Case cases[] = {{"sending", {.sending_rate = 100'000}},
                          {"fetching", {.fetching_rate = 100'000}}};
    constexpr int kRecords = 20;
    const std::string value(300'000, 'v');
    for (const auto& one : cases) {
        World world(2, settings());
        world.elect(1, {1});
        world.cut(2);
        for (int i = 0; i < kRecords; ++i) ASSERT_TRUE(world.append(1, Acks::leader, value));
        world.throttle("0:2");
        world.tune(one.tuning);
        world.heal(2);
        world.elect(1, {1});
        world.advance(Millis(5'000));
        EXPECT_GT(world.end(2), Offset(0)) << one.what;
        EXPECT_LT(world.end(2), Offset(kRecords)) << one.what;
        world.advance(Millis(100'000));
        EXPECT_EQ(world.end(2), Offset(kRecords)) << one.what;
        EXPECT_EQ(world.isr().size(), 2U) << one.what;

        std::optional<AppendOutcome> last;
        for (int i = 0; i < kRecords; ++i) last = world.append(1, Acks::all, value).value();
        world.advance(Millis(100));
        EXPECT_TRUE(world.is_acknowledged(1, *last)) << one.what;
    }
}

TEST(Replication, AnotherNumberOfFetchersDealsPartitionsOutAnew) {
    World world(2, settings());
    world.elect(1, {1, 2});
    world.settle();
    for (const int fetchers : {3, 1, 7}) {
        world.tune({.fetchers = fetchers});
        world.advance(Millis(50));
        const auto outcome = world.append(1, Acks::all).value();
        world.settle();
        EXPECT_TRUE(world.is_acknowledged(1, outcome)) << fetchers;
    }
}

TEST(Replication, OneNodeAloneFetchesNothingAndSetsNoTimer) {
    World world(1, settings());
    world.elect(1, {1});
    const auto outcome = world.append(1, Acks::all).value();
    world.settle();
    EXPECT_TRUE(world.is_acknowledged(1, outcome));
    EXPECT_EQ(world.executor().timers(), 0U);
    EXPECT_EQ(world.fetches(), 0U);
}

TEST(Replication, AnIdlePairAsksOnceForEachLongPoll) {
    World world(2, settings());
    world.elect(1, {1, 2});
    world.advance(Millis(1000));
    const auto before = world.fetches();
    world.advance(Millis(5000));
    EXPECT_LE(world.fetches() - before, 11U);
    EXPECT_THAT(world.isr(), UnorderedElementsAre(BrokerId(1), BrokerId(2)));
}

}  // namespace
}  // namespace milena::replica
