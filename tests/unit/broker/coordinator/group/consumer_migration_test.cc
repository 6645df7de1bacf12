// Groups that change their protocol while they have members, and members of the classic protocol
// in consumer groups (KIP-848).
#include "tests/unit/broker/coordinator/group/classic_client.h"
#include "tests/unit/broker/coordinator/group/consumer_members.h"

#include <gtest/gtest.h>

namespace milena::coordinator::group {
namespace {

class Migration : public testing::Test {
  protected:
    Migration() { set_topic(shard.image, "t", 4); }

    // A stable classic group of two; each has two partitions of t.
    void make_classic() {
        const auto ids = joined_group(shard, "g", 2);
        auto sync = sync_request("g", ids[0], shard.classic("g").generation);
        const PartitionSet halves[] = {partitions("t", {0, 1}), partitions("t", {2, 3})};
        for (int i = 0; i < 2; ++i)
            sync.assignments.push_back({ids[static_cast<std::size_t>(i)],
                                        consumer::write_assignment(halves[i], 1, shard.image)});
        EXPECT_EQ(shard.now(sync).error.code, ErrorCode::NONE);
        EXPECT_EQ(shard.now(sync_request("g", ids[1], sync.member.generation)).error.code,
                  ErrorCode::NONE);
        c1.set(ids[0], sync.member.generation, halves[0]);
        c2.set(ids[1], sync.member.generation, halves[1]);
    }
    const ConsumerGroup* consumers() { return shard.state().consumer("g"); }
    std::string state() { return shard.now(ConsumerGroupDescribe{"g"}).state; }

    TestShard shard;
    ClassicClient c1{shard, "g", {"t"}};
    ClassicClient c2{shard, "g", {"t"}};
    ConsumerClient m{shard, "g", "m", {"t"}};
};

TEST_F(Migration, AClassicGroupTakesAConsumerMemberAndKeepsRunning) {
    make_classic();
    const auto generation = c1.generation();
    EXPECT_EQ(m.join().error.code, ErrorCode::NONE);
    ASSERT_NE(consumers(), nullptr);
    EXPECT_EQ(m.epoch(), generation + 1);
    EXPECT_TRUE(m.owned().empty()) << "the classic members have everything still";
    EXPECT_EQ(consumers()->member(c1.id())->assigned, partitions("t", {0, 1}));
    EXPECT_EQ(shard.now(ConsumerGroupDescribe{"g"}).members.size(), 3U);

    EXPECT_EQ(c1.beat(), ErrorCode::REBALANCE_IN_PROGRESS);
    for (int i = 0; i < 3; ++i) {
        c1.live();
        c2.live();
        m.beat();
    }
    EXPECT_EQ(c1.owned() | c2.owned() | m.owned(), partitions("t", {0, 1, 2, 3}));
    EXPECT_EQ(c1.owned().size() + c2.owned().size() + m.owned().size(), 4U);
    EXPECT_FALSE(m.owned().empty());
    EXPECT_EQ(c1.generation(), generation + 1);
    EXPECT_EQ(state(), "Stable");
    EXPECT_TRUE(consumer::same_state(*consumers(), *shard.replay().state().consumer("g")));
}

TEST_F(Migration, TheGroupIsClassicAgainWhenTheLastConsumerMemberLeaves) {
    make_classic();
    m.join();
    for (int i = 0; i < 3; ++i) {
        c1.live();
        c2.live();
        m.beat();
    }
    m.leave();
    ASSERT_EQ(consumers(), nullptr);
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
    EXPECT_EQ(shard.replay().state().classic("g")->members.size(), 2U);
    EXPECT_EQ(c1.beat(), ErrorCode::REBALANCE_IN_PROGRESS);
    const auto first = shard.ask(c1.request());
    const auto second = shard.ask(c2.request());
    ASSERT_NE(shard.answer<JoinGroup>(first), nullptr);
    ASSERT_NE(shard.answer<JoinGroup>(second), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(first)->error.code, ErrorCode::NONE);
    EXPECT_EQ(shard.classic("g").state, ClassicState::completing_rebalance);
    EXPECT_GT(shard.answer<JoinGroup>(first)->generation, c1.generation());
}

TEST_F(Migration, AMemberThatIsRemovedForSilenceEndsTheConsumerGroupToo) {
    make_classic();
    m.join();
    for (int i = 0; i < 12; ++i) {
        shard.pass(Millis(5'000));
        if (!consumers()) break;
        c1.live();
        c2.live();
    }
    EXPECT_EQ(consumers(), nullptr);
}

TEST_F(Migration, OnlyWhereThePolicyAllowsIt) {
    shard.settings.migration_policy = MigrationPolicy::downgrade;
    shard.machine().update_settings(shard.settings);
    make_classic();
    EXPECT_EQ(m.join().error.code, ErrorCode::GROUP_ID_NOT_FOUND);
    shard.settings.migration_policy = MigrationPolicy::upgrade;
    shard.machine().update_settings(shard.settings);
    EXPECT_EQ(m.join().error.code, ErrorCode::NONE);
    m.leave();
    EXPECT_NE(consumers(), nullptr) << "not downgraded";
}

TEST_F(Migration, WhoWaitsForTheOldRebalanceJoinsAgain) {
    make_classic();
    // c1 joins with something new: the group prepares a rebalance and waits for c2.
    auto changed = c1.request();
    changed.protocols = {{"range", subscription({"t", "u"})}};
    const auto waiting = shard.ask(changed);
    EXPECT_EQ(shard.answer<JoinGroup>(waiting), nullptr);
    EXPECT_EQ(m.join().error.code, ErrorCode::NONE);
    ASSERT_NE(shard.answer<JoinGroup>(waiting), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(waiting)->error.code, ErrorCode::REBALANCE_IN_PROGRESS);
}

TEST_F(Migration, AnAssignorOfTheClientsOwnCannotBeTakenOver) {
    auto join = join_request("g");
    msg::ConsumerProtocolSubscription own;
    const std::uint8_t data[] = {1, 2, 3};
    own.user_data = ByteView(data);
    Blob bytes;
    ASSERT_TRUE(append_versioned(own, ApiVersion(1), bytes));
    join.protocols = {{"sticky", bytes}};
    const auto ids = joined_group(shard, "g", 1, false, join);
    ASSERT_EQ(shard.now(sync_request("g", ids[0], 1)).error.code, ErrorCode::NONE);
    const auto records = shard.log.size();
    EXPECT_EQ(m.join().error.code, ErrorCode::GROUP_ID_NOT_FOUND);
    EXPECT_EQ(shard.log.size(), records);
}

TEST_F(Migration, AClassicMemberJoinsAConsumerGroup) {
    m.join();
    c1.request().requires_known_member_id = true;
    EXPECT_EQ(c1.join(), ErrorCode::MEMBER_ID_REQUIRED);
    EXPECT_EQ(c1.id().size(), 22U) << "a plain UUID, as consumer groups have them";
    EXPECT_EQ(consumers()->members.size(), 1U);
    EXPECT_EQ(c1.join(), ErrorCode::NONE);
    EXPECT_EQ(c1.generation(), 2);
    EXPECT_EQ(c1.sync(), ErrorCode::NONE);
    EXPECT_TRUE(c1.owned().empty());
    EXPECT_EQ(c1.beat(), ErrorCode::NONE) << "m has not given anything up yet";
    m.beat();
    m.beat();
    EXPECT_EQ(c1.beat(), ErrorCode::REBALANCE_IN_PROGRESS) << "now there is something";
    c1.live();
    EXPECT_EQ(c1.owned().size(), 2U);

    EXPECT_EQ(heartbeat(shard, "g", c1.id(), 1), ErrorCode::ILLEGAL_GENERATION);
    EXPECT_EQ(heartbeat(shard, "g", "zz", 2), ErrorCode::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(heartbeat(shard, "g", "m", 2), ErrorCode::UNKNOWN_MEMBER_ID)
        << "it speaks another protocol";
    auto other = join_request("g");
    other.protocols = {{"mine", subscription({"t"})}};
    EXPECT_EQ(shard.now(other).error.code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);

    OffsetCommit commit;
    commit.group_id = "g";
    commit.member = {c1.id(), std::nullopt, 1};
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::ILLEGAL_GENERATION);
    commit.member.generation = 2;
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::NONE);

    LeaveGroup leave{"g", {{c1.id(), {}, {}}, {"zz", {}, {}}}};
    const auto left = shard.now(leave);
    EXPECT_EQ(left.members[0].error.code, ErrorCode::NONE);
    EXPECT_EQ(left.members[1].error.code, ErrorCode::UNKNOWN_MEMBER_ID);
    m.beat();
    EXPECT_EQ(m.owned().size(), 4U);
}

TEST_F(Migration, AClassicMemberThatDoesNotJoinAgainInTimeIsRemoved) {
    m.join();
    c1.request().rebalance_timeout = Millis(8'000);
    c1.join();
    c1.sync();
    set_topic(shard.image, "t", 6);
    m.beat();
    EXPECT_EQ(c1.beat(), ErrorCode::REBALANCE_IN_PROGRESS);
    shard.pass(Millis(7'000));
    EXPECT_EQ(c1.beat(), ErrorCode::REBALANCE_IN_PROGRESS) << "which gives it no more time";
    shard.pass(Millis(1'000));
    EXPECT_EQ(c1.beat(), ErrorCode::UNKNOWN_MEMBER_ID);
}

TEST_F(Migration, AClassicMemberThatDoesNotSyncInTimeIsRemoved) {
    m.join();
    c1.request().rebalance_timeout = Millis(8'000);
    c1.join();
    shard.pass(Millis(7'999));
    EXPECT_EQ(c1.beat(), ErrorCode::NONE);
    shard.pass(Millis(1));
    EXPECT_EQ(c1.beat(), ErrorCode::UNKNOWN_MEMBER_ID);
}

TEST_F(Migration, AStaticClassicMemberComesBackToItsPlace) {
    m.join();
    c1.request().instance_id = "i1";
    c1.join();
    c1.sync();
    m.beat();
    m.beat();
    auto sync = sync_request("g", c1.id(), c1.generation());
    sync.member.instance_id = "i1";
    EXPECT_EQ(shard.now(sync).error.code, ErrorCode::NONE);

    c2.request().instance_id = "i1";
    EXPECT_EQ(c2.join(), ErrorCode::NONE);
    EXPECT_NE(c2.id(), c1.id());
    EXPECT_EQ(c2.generation(), c1.generation()) << "the group has not changed";
    EXPECT_EQ(shard.now(sync).error.code, ErrorCode::FENCED_INSTANCE_ID);
    EXPECT_EQ(consumers()->members.size(), 2U);
}

TEST_F(Migration, TheLastConsumerMemberComesBackWithTheClassicProtocol) {
    m.settings().instance_id = "i1";
    m.join();
    c2.join();
    c2.sync();
    for (int i = 0; i < 3; ++i) {
        m.beat();
        c2.live();
    }
    ASSERT_EQ(m.owned().size(), 2U);
    ASSERT_EQ(state(), "Stable");
    const auto generation = c2.generation();

    c1.request().instance_id = "i1";
    EXPECT_EQ(c1.join(), ErrorCode::NONE);
    ASSERT_EQ(consumers(), nullptr) << "nobody speaks the consumer protocol any longer";
    EXPECT_EQ(shard.classic("g").state, ClassicState::stable) << "and nobody need rebalance";
    EXPECT_EQ(c1.generation(), generation);
    EXPECT_EQ(c1.sync(), ErrorCode::NONE);
    EXPECT_EQ(c1.owned(), m.owned());
    EXPECT_EQ(c1.beat(), ErrorCode::NONE);
    EXPECT_EQ(c2.beat(), ErrorCode::NONE);
    EXPECT_EQ(m.beat().error.code, ErrorCode::GROUP_ID_NOT_FOUND);
    ASSERT_NE(shard.replay().state().classic("g"), nullptr);
    EXPECT_EQ(shard.replay().state().classic("g")->members.size(), 2U);
    shard.pass(Millis(9'000));
    EXPECT_EQ(c1.beat(), ErrorCode::NONE) << "each has its own session";
    EXPECT_EQ(c2.beat(), ErrorCode::NONE);
}

TEST_F(Migration, TheOnlyMemberComesBackWithTheClassicProtocol) {
    m.settings().instance_id = "i1";
    m.join();
    EXPECT_EQ(m.leave(-2).error.code, ErrorCode::NONE);
    c1.request().instance_id = "i1";
    EXPECT_EQ(c1.join(), ErrorCode::NONE);
    ASSERT_EQ(consumers(), nullptr);
    EXPECT_EQ(c1.sync(), ErrorCode::NONE);
    EXPECT_EQ(c1.owned().size(), 4U);
}

TEST_F(Migration, AGroupWithOtherConsumerMembersStaysOne) {
    ConsumerClient other{shard, "g", "other", {"t"}};
    m.settings().instance_id = "i1";
    m.join();
    other.join();
    c1.request().instance_id = "i1";
    EXPECT_EQ(c1.join(), ErrorCode::NONE);
    ASSERT_NE(consumers(), nullptr);
    EXPECT_EQ(consumers()->members.size(), 2U);
}

TEST_F(Migration, AMemberThatComesBackDoesNotDowngradeAgainstThePolicy) {
    shard.settings.migration_policy = MigrationPolicy::upgrade;
    shard.machine().update_settings(shard.settings);
    m.settings().instance_id = "i1";
    m.join();
    c1.request().instance_id = "i1";
    EXPECT_EQ(c1.join(), ErrorCode::NONE);
    EXPECT_NE(consumers(), nullptr);
}

TEST_F(Migration, LeaveGroupRemovesMembersOfTheConsumerProtocolToo) {
    m.settings().instance_id = "i1";
    m.join();
    c1.join();
    c1.sync();
    const auto left =
        shard.now(LeaveGroup{"g", {{"other", "i1", {}}, {"", "i9", {}}, {"", "i1", {}}}});
    ASSERT_EQ(left.members.size(), 3U);
    EXPECT_EQ(left.members[0].error.code, ErrorCode::FENCED_INSTANCE_ID);
    EXPECT_EQ(left.members[1].error.code, ErrorCode::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(left.members[2].error.code, ErrorCode::NONE);
    EXPECT_EQ(consumers(), nullptr) << "the last of them is gone";
    EXPECT_EQ(shard.classic("g").members.size(), 1U);
}

TEST_F(Migration, WhatExtendsTheSessionOfAClassicMember) {
    m.join();
    c1.request().session_timeout = Millis(10'000);
    c1.request().rebalance_timeout = Millis(60'000);
    c1.join();
    shard.pass(Millis(9'000));
    EXPECT_EQ(c1.sync(), ErrorCode::NONE);
    shard.pass(Millis(9'000));
    m.beat();
    EXPECT_EQ(heartbeat(shard, "g", c1.id(), c1.generation()), ErrorCode::NONE);
    shard.pass(Millis(9'000));
    // As with Kafka, a commit does not: only in classic groups.
    OffsetCommit commit;
    commit.group_id = "g";
    commit.member = {c1.id(), std::nullopt, c1.generation()};
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::NONE);
    shard.pass(Millis(1'000));
    EXPECT_EQ(heartbeat(shard, "g", c1.id(), c1.generation()), ErrorCode::UNKNOWN_MEMBER_ID);
}

TEST_F(Migration, AnEmptyGroupTakesTheProtocolOfWhoeverComes) {
    m.join();
    m.leave();
    ASSERT_NE(consumers(), nullptr);
    const auto ids = joined_group(shard, "g", 1);
    EXPECT_EQ(consumers(), nullptr);
    EXPECT_EQ(shard.replay().state().consumer("g"), nullptr);
    LeaveGroup leave{"g", {{ids[0], {}, {}}}};
    EXPECT_EQ(shard.now(leave).error.code, ErrorCode::NONE);
    EXPECT_EQ(m.join().error.code, ErrorCode::NONE);
    EXPECT_NE(shard.replay().state().consumer("g"), nullptr);
}

}  // namespace
}  // namespace milena::coordinator::group
