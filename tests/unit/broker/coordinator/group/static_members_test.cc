// Static members of classic groups (KIP-345): who comes back under its instance id takes its place.
#include "tests/unit/broker/coordinator/group/classic_members.h"

namespace milena::coordinator::group {
namespace {

using E = ErrorCode;

JoinGroup restarted(const std::string& instance, bool supports_skip = true) {
    auto join = join_request("g");
    join.instance_id = instance;
    join.supports_skip_assignment = supports_skip;
    return join;
}

TEST(StaticMember, JoinsAtOnceAndIsNamedAfterItsInstance) {
    TestShard shard;
    auto join = restarted("i0");
    join.requires_known_member_id = true;
    const auto reply = shard.ask(join);
    shard.pass(Millis(3'000));
    ASSERT_NE(shard.answer<JoinGroup>(reply), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(reply)->error.code, E::NONE);
    EXPECT_TRUE(shard.answer<JoinGroup>(reply)->member_id.starts_with("i0-"));
}

TEST(StaticMember, AFollowerThatRestartsKeepsItsAssignmentWithoutARebalance) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2, true);
    const auto records = shard.log.size();
    const auto reply = shard.now(restarted("i1"));
    EXPECT_EQ(reply.error.code, E::NONE);
    EXPECT_EQ(reply.generation, 1);
    EXPECT_NE(reply.member_id, ids[1]);
    EXPECT_EQ(reply.leader, ids[0]);
    EXPECT_FALSE(reply.skip_assignment);
    EXPECT_EQ(shard.log.size(), records + 1) << "the new id is in the log";
    EXPECT_EQ(shard.classic("g").state, ClassicState::stable);
    EXPECT_EQ(shard.now(sync_request("g", reply.member_id, 1)).assignment, Blob{2});
    EXPECT_EQ(heartbeat(shard, "g", ids[0], 1), E::NONE);
    shard.fail_over();
    EXPECT_EQ(heartbeat(shard, "g", reply.member_id, 1), E::NONE);
}

TEST(StaticMember, ALeaderThatRestartsIsToldToSkipTheAssignment) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2, true);
    const auto reply = shard.now(restarted("i0"));
    EXPECT_TRUE(reply.skip_assignment);
    EXPECT_EQ(reply.leader, reply.member_id);
    EXPECT_EQ(reply.members.size(), 2U);
}

TEST(StaticMember, ALeaderThatCannotSkipDoesNotLearnThatItLeads) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2, true);
    const auto reply = shard.now(restarted("i0", false));
    EXPECT_FALSE(reply.skip_assignment);
    EXPECT_EQ(reply.leader, ids[0]);
    EXPECT_TRUE(reply.members.empty());
    EXPECT_EQ(shard.classic("g").leader, reply.member_id);
}

TEST(StaticMember, TheOldIdIsFencedInEveryRequest) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2, true);
    shard.now(restarted("i1"));
    const MemberClaim old{ids[1], "i1", 1};
    EXPECT_EQ(shard.now(Heartbeat{"g", old}).error.code, E::FENCED_INSTANCE_ID);
    auto sync = sync_request("g", ids[1], 1);
    sync.member = old;
    EXPECT_EQ(shard.now(sync).error.code, E::FENCED_INSTANCE_ID);
    auto join = restarted("i1");
    join.member_id = ids[1];
    EXPECT_EQ(shard.now(join).error.code, E::FENCED_INSTANCE_ID);
    OffsetCommit commit;
    commit.group_id = "g";
    commit.member = old;
    EXPECT_EQ(shard.now(commit).error.code, E::FENCED_INSTANCE_ID);
    const auto left = shard.now(LeaveGroup{"g", {{ids[1], "i1", {}}}});
    EXPECT_EQ(left.members[0].error.code, E::FENCED_INSTANCE_ID);
}

TEST(StaticMember, AnInstanceThatNobodyHasIsUnknown) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 1, true);
    const MemberClaim claim{ids[0], "other", 1};
    EXPECT_EQ(shard.now(Heartbeat{"g", claim}).error.code, E::UNKNOWN_MEMBER_ID);
}

TEST(StaticMember, ARestartThatChangesTheChosenProtocolRebalances) {
    TestShard shard;
    auto like = join_request("g");
    like.protocols = {{"a", {}}, {"b", {}}};
    stable_group(shard, "g", 2, true, like);
    auto join = restarted("i1");
    join.protocols = {{"b", {}}};
    const auto reply = shard.ask(join);
    EXPECT_EQ(shard.answer<JoinGroup>(reply), nullptr);
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
}

TEST(StaticMember, ARestartWhileTheLeaderAssignsRebalances) {
    TestShard shard;
    const auto ids = joined_group(shard, "g", 2, true);
    const auto follower = shard.ask(sync_request("g", ids[1], 1));
    shard.ask(restarted("i1"));
    ASSERT_NE(shard.answer<SyncGroup>(follower), nullptr);
    EXPECT_EQ(shard.answer<SyncGroup>(follower)->error.code, E::FENCED_INSTANCE_ID);
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
}

TEST(StaticMember, ARestartWhileItWaitsToJoinFencesTheOneThatWaited) {
    TestShard shard;
    stable_group(shard, "g", 2, true);
    auto changed = restarted("i1");
    changed.member_id = shard.classic("g").static_members.find("i1")->second;
    changed.protocols[0].metadata = {1};
    const auto old = shard.ask(changed);
    const auto fresh = shard.ask(restarted("i1"));
    ASSERT_NE(shard.answer<JoinGroup>(old), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(old)->error.code, E::FENCED_INSTANCE_ID);
    EXPECT_EQ(shard.answer<JoinGroup>(fresh), nullptr);
}

TEST(StaticMember, ADuplicateOfOneThatJoinsForTheFirstTimeTakesItsPlace) {
    TestShard shard;
    const auto first = shard.ask(restarted("i0"));
    const auto second = shard.ask(restarted("i0"));
    EXPECT_EQ(shard.answer<JoinGroup>(first)->error.code, E::FENCED_INSTANCE_ID);
    shard.pass(Millis(3'000));
    ASSERT_NE(shard.answer<JoinGroup>(second), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(second)->members.size(), 1U);
}

TEST(StaticMember, IsRemovedWhenItsSessionEnds) {
    TestShard shard;
    stable_group(shard, "g", 1, true);
    shard.pass(Millis(10'000));
    EXPECT_EQ(shard.classic("g").state, ClassicState::empty);
    EXPECT_TRUE(shard.classic("g").static_members.empty());
}

}  // namespace
}  // namespace milena::coordinator::group
