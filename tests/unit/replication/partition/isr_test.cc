// Who is in sync: proposals, their answers, and what counts in between.
#include "tests/unit/replication/partition/replicas.h"

#include <gtest/gtest.h>

namespace milena::partition {
namespace {

using Ids = std::vector<BrokerId>;

TEST(PartitionIsr, WhoCatchesUpIsProposedWithTheEpochItFetchedWith) {
    auto partition = leader_of({kSelf}, 10);
    EXPECT_FALSE(partition.step(fetched(kOther, 9), ms(1)).alter_isr);
    const Ready ready = partition.step(fetched(kOther, 10), ms(2));
    ASSERT_TRUE(ready.alter_isr);
    EXPECT_EQ(ready.alter_isr->leader_epoch, LeaderEpoch(1));
    EXPECT_EQ(ready.alter_isr->partition_epoch, PartitionEpoch(1));
    const std::vector<IsrMember> expected{{kSelf, BrokerEpoch(10)}, {kOther, BrokerEpoch(20)}};
    EXPECT_EQ(ready.alter_isr->isr, expected);
    // One at a time.
    EXPECT_FALSE(partition.step(fetched(kThird, 10), ms(3)).alter_isr);
    const Ready next = partition.step(accepted(*ready.alter_isr), ms(4));
    EXPECT_EQ(partition.state().isr, (Ids{kSelf, kOther}));
    ASSERT_TRUE(next.alter_isr);
    EXPECT_EQ(members(*next.alter_isr), (Ids{kSelf, kOther, kThird}));
    EXPECT_EQ(next.alter_isr->partition_epoch, PartitionEpoch(2));
}

// The start of the epoch, too: before it the new leader knows less than it will (KIP-279).
TEST(PartitionIsr, WhoHasNotReachedTheEpochsStartIsNotProposed) {
    Partition partition(kSelf);
    partition.step(all_active(), ms(0));
    auto input = lead(1, {kSelf, kThird}, 10);
    input.log.high_watermark = Offset(4);
    partition.step(input, ms(0));
    EXPECT_FALSE(partition.step(fetched(kOther, 7), ms(1)).alter_isr);
    EXPECT_TRUE(partition.step(fetched(kOther, 10), ms(2)).alter_isr);
}

// KIP-841, KAFKA-14140; KAFKA-15221, KIP-903.
TEST(PartitionIsr, FencedLeavingOrRestartedBrokersAreNotProposed) {
    struct Row {
        const char* what;
        bool active;
        std::int64_t registered_epoch;
        bool proposed;
    };
    const Row rows[] = {{"active", true, 20, true},
                        {"fenced or shutting down", false, 20, false},
                        {"registered anew since", true, 21, false},
                        {"ahead of our metadata", true, 19, false}};
    for (const auto& row : rows) {
        auto partition = leader_of({kSelf}, 10);
        auto brokers = all_active(row.registered_epoch);
        brokers.brokers[1].active = row.active;
        partition.step(brokers, ms(1));
        const Ready ready = partition.step(fetched(kOther, 10), ms(2));
        EXPECT_EQ(ready.alter_isr.has_value(), row.proposed) << row.what;
    }
    auto partition = leader_of({kSelf}, 10);
    partition.step(BrokersChanged{}, ms(1));
    EXPECT_FALSE(partition.step(fetched(kOther, 10), ms(2)).alter_isr) << "not registered at all";
}

TEST(PartitionIsr, AFetchOfAnEarlierLifeIsIgnoredOnceTheNextIsKnown) {
    auto partition = leader_of({kSelf, kOther}, 10);
    partition.step(all_active(21), ms(1));
    EXPECT_FALSE(partition.step(fetched(kOther, 10), ms(2)).high_watermark);
    auto next_life = fetched(kOther, 4);
    next_life.broker_epoch = BrokerEpoch(21);
    EXPECT_EQ(partition.step(next_life, ms(3)).high_watermark, Offset(4));
    // Late, from before; also when the metadata has not told yet.
    partition.step(all_active(20), ms(4));
    EXPECT_FALSE(partition.step(fetched(kOther, 10), ms(5)).high_watermark);
    EXPECT_EQ(partition.state().follower(kOther)->log_end, Offset(4));
}

TEST(PartitionIsr, WhoLagsTooLongIsPutOutAtItsDeadline) {
    auto partition = leader_of({kSelf, kOther, kThird}, 10);
    partition.step(fetched(kOther, 10), ms(100));
    partition.step(fetched(kThird, 10), ms(100));
    EXPECT_EQ(partition.deadline(), std::nullopt) << "all have everything";
    partition.step(Appended{Offset(20)}, ms(200));
    partition.step(fetched(kThird, 20), ms(300));
    ASSERT_TRUE(partition.deadline());
    EXPECT_EQ(*partition.deadline(), ms(1100) + Nanos(1));
    EXPECT_FALSE(partition.step(Tick{}, ms(1100)).alter_isr);
    const Ready ready = partition.step(Tick{}, ms(1101));
    ASSERT_TRUE(ready.alter_isr);
    EXPECT_EQ(members(*ready.alter_isr), (Ids{kSelf, kThird}));
    EXPECT_FALSE(ready.high_watermark) << "it is in the ISR until the controller says so";
    EXPECT_EQ(partition.step(accepted(*ready.alter_isr), ms(1102)).high_watermark, Offset(20));
}

// It stands at the high watermark because it was what held it there; with too few in sync nothing
// moves it on.
TEST(PartitionIsr, WhoWasPutOutComesBackOnlyWhenItAsksAgain) {
    auto partition = leader_of({kSelf, kOther}, 10);
    partition.step(SettingsChanged{{.min_isr = 2, .replica_lag_time_max = Millis(1000)}}, ms(0));
    partition.step(fetched(kOther, 10), ms(100));
    partition.step(Appended{Offset(20)}, ms(200));
    // The fetch that waits looks again.
    partition.step(fetched(kOther, 10), ms(300));
    const Ready out = partition.step(Tick{}, ms(1150));
    ASSERT_TRUE(out.alter_isr);
    EXPECT_EQ(members(*out.alter_isr), (Ids{kSelf}));
    EXPECT_FALSE(partition.step(accepted(*out.alter_isr), ms(1151)).alter_isr);
    EXPECT_FALSE(partition.step(Tick{}, ms(1200)).alter_isr);
    const Ready back = partition.step(fetched(kOther, 10), ms(1250));
    ASSERT_TRUE(back.alter_isr);
    EXPECT_EQ(members(*back.alter_isr), (Ids{kSelf, kOther}));
}

// It has everything that there was when it asked before: it keeps up, though never at the end.
TEST(PartitionIsr, WhoKeepsUpWithABusyLeaderStaysIn) {
    auto partition = leader_of({kSelf, kOther}, 10);
    for (std::int64_t i = 1; i < 20; ++i) {
        partition.step(fetched(kOther, 10 * i), ms(i * 500));
        partition.step(Appended{Offset(10 * i + 15)}, ms(i * 500 + 1));
        EXPECT_FALSE(partition.step(Tick{}, ms(i * 500 + 2)).alter_isr) << i;
        partition.step(fetched(kOther, 10 * i + 10), ms(i * 500 + 3));
        partition.step(Appended{Offset(10 * i + 15)}, ms(i * 500 + 4));
    }
}

// KIP-497: until the answer is known its members count, or a leader elected from it may lack
// records that were acknowledged.
TEST(PartitionIsr, AProposedMemberHoldsTheHighWatermarkUntilTheAnswer) {
    auto partition = leader_of({kSelf}, 10);
    const Ready joining = partition.step(fetched(kOther, 10), ms(1));
    ASSERT_TRUE(joining.alter_isr);
    partition.step(Appended{Offset(20)}, ms(2));
    EXPECT_EQ(partition.state().high_watermark, Offset(10));
    // Also when it has fallen behind for long since.
    EXPECT_FALSE(partition.step(Tick{}, ms(5000)).high_watermark);
    const Ready after =
        partition.step(refused(*joining.alter_isr, ErrorCode::INELIGIBLE_REPLICA), ms(5001));
    EXPECT_EQ(after.high_watermark, Offset(20));
}

TEST(PartitionIsr, AReplicaThatIsAboutToJoinIsWaitedFor) {
    auto partition = leader_of({kSelf, kThird}, 10);
    partition.step(fetched(kThird, 10), ms(1));
    const Ready joining = partition.step(fetched(kOther, 10), ms(2));
    partition.step(refused(*joining.alter_isr, ErrorCode::OPERATION_NOT_ATTEMPTED), ms(3));
    partition.step(Appended{Offset(20)}, ms(4));
    EXPECT_FALSE(partition.step(fetched(kThird, 20), ms(5)).high_watermark);
    EXPECT_EQ(partition.step(fetched(kOther, 20), ms(6)).high_watermark, Offset(20));
}

TEST(PartitionIsr, AnswersAreReactedToAsKafkaDoes) {
    enum class Then { proposes_anew, asks_again, waits_for_metadata };
    struct Row {
        ErrorCode error;
        bool final;
        Then then;
    };
    const Row rows[] = {
        {ErrorCode::INELIGIBLE_REPLICA, true, Then::proposes_anew},
        {ErrorCode::OPERATION_NOT_ATTEMPTED, true, Then::proposes_anew},
        {ErrorCode::INELIGIBLE_REPLICA, false, Then::asks_again},
        {ErrorCode::REQUEST_TIMED_OUT, true, Then::asks_again},
        {ErrorCode::NETWORK_EXCEPTION, true, Then::asks_again},
        {ErrorCode::NOT_CONTROLLER, true, Then::asks_again},
        {ErrorCode::UNKNOWN_SERVER_ERROR, true, Then::asks_again},
        {ErrorCode::FENCED_LEADER_EPOCH, true, Then::waits_for_metadata},
        {ErrorCode::INVALID_UPDATE_VERSION, true, Then::waits_for_metadata},
        {ErrorCode::INVALID_REQUEST, true, Then::waits_for_metadata},
        {ErrorCode::NEW_LEADER_ELECTED, true, Then::waits_for_metadata},
        {ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, true, Then::waits_for_metadata},
        {ErrorCode::UNKNOWN_TOPIC_ID, true, Then::waits_for_metadata},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(error_name(row.error));
        auto partition = leader_of({kSelf}, 10);
        const auto proposal = partition.step(fetched(kOther, 10), ms(1)).alter_isr;
        ASSERT_TRUE(proposal);
        EXPECT_FALSE(partition.step(refused(*proposal, row.error, row.final), ms(2)).alter_isr);
        EXPECT_FALSE(partition.step(Tick{}, ms(51)).alter_isr);
        const Ready ready = partition.step(Tick{}, ms(52));
        if (row.then == Then::waits_for_metadata) {
            EXPECT_FALSE(ready.alter_isr);
            EXPECT_EQ(partition.deadline(), std::nullopt);
            // The metadata brings whatever was decided, and all begins anew.
            auto news = lead(1, {kSelf}, 10);
            news.partition_epoch = PartitionEpoch(2);
            partition.step(news, ms(53));
            EXPECT_FALSE(partition.state().proposal);
            continue;
        }
        ASSERT_TRUE(ready.alter_isr);
        EXPECT_EQ(ready.alter_isr->id == proposal->id, row.then == Then::asks_again);
        EXPECT_EQ(ready.alter_isr->isr, proposal->isr);
    }
}

// KAFKA-12686, KAFKA-13091, KAFKA-13254: answers that race with the metadata.
TEST(PartitionIsr, AnAnswerThatTheMetadataOvertookIsIgnored) {
    auto partition = leader_of({kSelf}, 10);
    const auto proposal = partition.step(fetched(kOther, 10), ms(1)).alter_isr;
    auto news = lead(1, {kSelf, kOther}, 10);
    news.partition_epoch = PartitionEpoch(2);
    partition.step(news, ms(2));
    EXPECT_EQ(partition.state().isr, (Ids{kSelf, kOther}));
    news.partition_epoch = PartitionEpoch(3);
    news.isr = {kSelf};
    partition.step(news, ms(3));
    partition.step(accepted(*proposal), ms(4));
    EXPECT_EQ(partition.state().isr, Ids{kSelf});
    EXPECT_EQ(partition.state().partition_epoch, PartitionEpoch(3));
}

TEST(PartitionIsr, TheMetadataThatTheAnswerOvertookIsIgnored) {
    auto partition = leader_of({kSelf}, 10);
    const auto proposal = partition.step(fetched(kOther, 10), ms(1)).alter_isr;
    partition.step(accepted(*proposal), ms(2));
    partition.step(lead(1, {kSelf}, 10), ms(3));
    EXPECT_EQ(partition.state().isr, (Ids{kSelf, kOther}));
}

TEST(PartitionIsr, AnAnswerThatNamesStrangersWaitsForTheMetadata) {
    auto partition = leader_of({kSelf}, 10);
    const auto proposal = partition.step(fetched(kOther, 10), ms(1)).alter_isr;
    auto answer = accepted(*proposal);
    answer.isr.push_back(BrokerId(9));
    partition.step(answer, ms(2));
    EXPECT_EQ(partition.state().isr, Ids{kSelf});
    EXPECT_TRUE(partition.state().proposal);
}

// A reassignment: replicas come and go with the metadata.
TEST(PartitionIsr, AddedReplicasJoinAndRemovedOnesAreForgotten) {
    auto partition = leader_of({kSelf, kOther, kThird}, 10);
    partition.step(fetched(kOther, 10), ms(1));
    partition.step(fetched(kThird, 10), ms(1));
    auto brokers = all_active();
    brokers.brokers.push_back(
        {.id = BrokerId(4), .epoch = BrokerEpoch(40), .alive = true, .active = true, .rack = ""});
    partition.step(brokers, ms(2));
    auto news = lead(1, {kSelf, kOther, kThird}, 10);
    news.partition_epoch = PartitionEpoch(2);
    news.replicas.push_back(BrokerId(4));
    partition.step(news, ms(3));
    EXPECT_EQ(partition.state().follower(kOther)->log_end, Offset(10)) << "in sync before, and now";
    auto fetch = fetched(BrokerId(4), 10);
    fetch.broker_epoch = BrokerEpoch(40);
    ASSERT_TRUE(partition.step(fetch, ms(4)).alter_isr);
    news.partition_epoch = PartitionEpoch(3);
    news.replicas = news.isr = {kSelf, kOther, BrokerId(4)};
    partition.step(news, ms(5));
    EXPECT_EQ(partition.state().follower(kThird), nullptr);
    EXPECT_FALSE(partition.step(fetched(kThird, 10), ms(6)).alter_isr);
}

// Off the broker and back on it, empty: what it fetched before does not count.
TEST(PartitionIsr, WhoIsOutOfSyncHasToFetchAgainWhenThePartitionHasChanged) {
    auto partition = leader_of({kSelf, kThird}, 10);
    auto brokers = all_active();
    brokers.brokers[1].active = false;
    partition.step(brokers, ms(1));
    EXPECT_FALSE(partition.step(fetched(kOther, 10), ms(2)).alter_isr);
    auto news = lead(1, {kSelf, kThird}, 10);
    news.partition_epoch = PartitionEpoch(2);
    partition.step(news, ms(3));
    EXPECT_FALSE(partition.step(all_active(), ms(4)).alter_isr);
    EXPECT_TRUE(partition.step(fetched(kOther, 10), ms(5)).alter_isr);
}

}  // namespace
}  // namespace milena::partition
