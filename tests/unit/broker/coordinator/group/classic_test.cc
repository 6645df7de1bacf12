// Joining, syncing and leaving of classic groups, one rule at a time.
#include "tests/unit/broker/coordinator/group/classic_members.h"

namespace milena::coordinator::group {
namespace {

using E = ErrorCode;

TEST(ClassicJoin, RefusesWhatNoGroupTakes) {
    struct Case {
        const char* name;
        std::function<void(JoinGroup&)> change;
        E error;
    };
    const Case cases[] = {
        {"no group id", [](auto& join) { join.group_id = ""; }, E::INVALID_GROUP_ID},
        {"session below the bounds", [](auto& join) { join.session_timeout = Millis(5'999); },
         E::INVALID_SESSION_TIMEOUT},
        {"session above the bounds", [](auto& join) { join.session_timeout = Millis(1'800'001); },
         E::INVALID_SESSION_TIMEOUT},
        {"unknown group with a member id", [](auto& join) { join.member_id = "m"; },
         E::UNKNOWN_MEMBER_ID},
        {"no protocols", [](auto& join) { join.protocols.clear(); },
         E::INCONSISTENT_GROUP_PROTOCOL},
        {"no protocol type", [](auto& join) { join.protocol_type = ""; },
         E::INCONSISTENT_GROUP_PROTOCOL},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        TestShard shard;
        auto join = join_request("g");
        c.change(join);
        EXPECT_EQ(shard.now(join).error.code, c.error);
        // As in Kafka, who only fails to agree with the group has made it.
        const bool is_made = c.error == E::INCONSISTENT_GROUP_PROTOCOL;
        EXPECT_EQ(shard.state().groups.size(), is_made ? 1U : 0U);
        EXPECT_EQ(shard.log.size(), is_made ? 1U : 0U);
    }
}

TEST(ClassicJoin, SendsADynamicMemberAwayOnceWithItsId) {
    TestShard shard;
    auto join = join_request("g");
    join.requires_known_member_id = true;
    const auto first = shard.now(join);
    EXPECT_EQ(first.error.code, E::MEMBER_ID_REQUIRED);
    EXPECT_TRUE(first.member_id.starts_with("client-")) << first.member_id;
    EXPECT_EQ(first.member_id.size(), std::string("client-").size() + 36);

    join.member_id = first.member_id;
    const auto reply = shard.ask(join);
    shard.pass(Millis(3'000));
    const auto* answer = shard.answer<JoinGroup>(reply);
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->error.code, E::NONE);
    EXPECT_EQ(answer->generation, 1);
    EXPECT_EQ(answer->leader, first.member_id);
    EXPECT_EQ(answer->protocol, "range");
}

TEST(ClassicJoin, ForgetsAnIdThatDoesNotComeBackWithinItsSession) {
    TestShard shard;
    auto join = join_request("g");
    join.requires_known_member_id = true;
    join.member_id = shard.now(join).member_id;
    shard.pass(join.session_timeout);
    EXPECT_EQ(shard.now(join).error.code, E::UNKNOWN_MEMBER_ID);
}

TEST(ClassicJoin, TheFirstRebalanceWaitsForMoreMembersAsLongAsTheyCome) {
    TestShard shard;
    auto join = join_request("g");
    join.rebalance_timeout = Millis(7'000);
    const auto first = shard.ask(join);
    shard.pass(Millis(2'000));
    const auto second = shard.ask(join);
    shard.pass(Millis(2'000));  // the first delay is over: one more, since somebody came
    EXPECT_EQ(shard.answer<JoinGroup>(first), nullptr);
    const auto third = shard.ask(join);
    shard.pass(Millis(2'000));  // and the last second of the rebalance timeout
    EXPECT_EQ(shard.answer<JoinGroup>(first), nullptr);
    shard.pass(Millis(1'000));
    for (const auto id : {first, second, third}) {
        ASSERT_NE(shard.answer<JoinGroup>(id), nullptr);
        EXPECT_EQ(shard.answer<JoinGroup>(id)->generation, 1);
    }
    EXPECT_EQ(shard.answer<JoinGroup>(first)->members.size(), 3U);
    EXPECT_TRUE(shard.answer<JoinGroup>(second)->members.empty());
    EXPECT_EQ(shard.answer<JoinGroup>(second)->leader, shard.answer<JoinGroup>(first)->member_id);
}

TEST(ClassicJoin, AnyLaterRebalanceEndsWhenAllHaveCome) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2);
    auto join = join_request("g");
    const auto third = shard.ask(join);
    EXPECT_EQ(shard.answer<JoinGroup>(third), nullptr);
    EXPECT_EQ(heartbeat(shard, "g", ids[0], 1), E::REBALANCE_IN_PROGRESS);
    join.member_id = ids[0];
    shard.ask(join);
    join.member_id = ids[1];
    shard.ask(join);
    ASSERT_NE(shard.answer<JoinGroup>(third), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(third)->generation, 2);
}

TEST(ClassicJoin, WhoDoesNotRejoinInTimeIsRemovedUnlessStatic) {
    for (const bool is_static : {false, true}) {
        SCOPED_TRACE(is_static ? "static" : "dynamic");
        TestShard shard;
        auto join = join_request("g");
        join.session_timeout = Millis(1'000'000);
        join.rebalance_timeout = Millis(30'000);
        const auto ids = stable_group(shard, "g", 2, is_static, join);
        join.member_id = ids[1];
        if (is_static) join.instance_id = "i1";
        join.protocols[0].metadata = {9};
        const auto reply = shard.ask(join);
        shard.pass(Millis(29'999));
        EXPECT_EQ(shard.answer<JoinGroup>(reply), nullptr);
        shard.pass(Millis(1));
        ASSERT_NE(shard.answer<JoinGroup>(reply), nullptr);
        EXPECT_EQ(shard.answer<JoinGroup>(reply)->leader, ids[1]) << "the leader has not come";
        EXPECT_EQ(shard.answer<JoinGroup>(reply)->members.size(), is_static ? 2U : 1U);
    }
}

TEST(ClassicJoin, AMemberThatIsNewMayWaitFiveMinutes) {
    TestShard shard;
    auto slow = join_request("g");
    slow.session_timeout = Millis(1'000'000);
    slow.rebalance_timeout = Millis(1'000'000);
    stable_group(shard, "g", 1, false, slow);
    const auto waiting = shard.ask(join_request("g"));  // the other one never rejoins
    shard.pass(Millis(299'999));
    EXPECT_EQ(shard.answer<JoinGroup>(waiting), nullptr);
    shard.pass(Millis(1));
    ASSERT_NE(shard.answer<JoinGroup>(waiting), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(waiting)->error.code, E::UNKNOWN_MEMBER_ID);
}

TEST(ClassicJoin, RejoinWithNothingNewIsAnsweredAtOnceExceptForTheLeader) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2);
    auto join = join_request("g");
    join.member_id = ids[1];
    const auto same = shard.now(join);
    EXPECT_EQ(same.error.code, E::NONE);
    EXPECT_EQ(same.generation, 1);
    EXPECT_TRUE(same.members.empty());
    EXPECT_EQ(shard.classic("g").state, ClassicState::stable);

    join.member_id = ids[0];
    const auto leader = shard.ask(join);
    EXPECT_EQ(shard.answer<JoinGroup>(leader), nullptr);
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
}

TEST(ClassicJoin, RejoinBeforeTheAssignmentIsAnsweredAtOnceWhenNothingIsNew) {
    TestShard shard;
    const auto ids = joined_group(shard, "g", 2);
    auto join = join_request("g");
    join.member_id = ids[0];
    const auto again = shard.now(join);
    EXPECT_EQ(again.generation, 1);
    EXPECT_EQ(again.members.size(), 2U) << "the leader learns the members again";
    join.member_id = ids[1];
    EXPECT_TRUE(shard.now(join).members.empty());

    join.protocols[0].metadata = {7};
    shard.ask(join);
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
}

TEST(ClassicJoin, TheGroupHasNoRoomForMoreThanItsSize) {
    Settings settings;
    settings.max_size = 2;
    TestShard shard(settings);
    stable_group(shard, "g", 2);
    const auto reply = shard.now(join_request("g"));
    EXPECT_EQ(reply.error.code, E::GROUP_MAX_SIZE_REACHED);
    EXPECT_EQ(shard.classic("g").state, ClassicState::stable);
}

TEST(ClassicJoin, RefusesAProtocolThatNotAllHave) {
    TestShard shard;
    stable_group(shard, "g", 2);
    auto join = join_request("g");
    join.protocols = {{"other", {}}};
    EXPECT_EQ(shard.now(join).error.code, E::INCONSISTENT_GROUP_PROTOCOL);
    join = join_request("g");
    join.protocol_type = "connect";
    EXPECT_EQ(shard.now(join).error.code, E::INCONSISTENT_GROUP_PROTOCOL);
}

TEST(ClassicJoin, ChoosesTheProtocolThatMostVoteForAmongThoseAllHave) {
    TestShard shard;
    auto join = join_request("g");
    join.protocols = {{"a", {}}, {"b", {}}};
    const auto first = shard.ask(join);
    join.protocols = {{"c", {}}, {"b", {}}, {"a", {}}};
    shard.ask(join);
    shard.ask(join);
    shard.pass(Millis(10'000));
    EXPECT_EQ(shard.answer<JoinGroup>(first)->protocol, "b");
}

TEST(ClassicSync, FollowersWaitForTheLeadersAssignment) {
    TestShard shard;
    const auto ids = joined_group(shard, "g", 3);
    const auto follower = shard.ask(sync_request("g", ids[1], 1));
    EXPECT_EQ(shard.answer<SyncGroup>(follower), nullptr);
    EXPECT_EQ(heartbeat(shard, "g", ids[1], 1), E::NONE);
    const auto records = shard.log.size();
    auto leader = sync_request("g", ids[0], 1);
    leader.assignments = {{ids[0], {1}}, {ids[1], {2}}};
    EXPECT_EQ(shard.now(leader).assignment, Blob{1});
    EXPECT_EQ(shard.log.size(), records + 1);
    EXPECT_EQ(shard.answer<SyncGroup>(follower)->assignment, Blob{2});
    EXPECT_EQ(shard.now(sync_request("g", ids[2], 1)).assignment, Blob{}) << "not named: nothing";
}

TEST(ClassicSync, Refusals) {
    TestShard shard;
    const auto ids = joined_group(shard, "g", 2);
    EXPECT_EQ(shard.now(sync_request("", ids[0], 1)).error.code, E::INVALID_GROUP_ID);
    EXPECT_EQ(shard.now(sync_request("none", ids[0], 1)).error.code, E::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(shard.now(sync_request("g", "nobody", 1)).error.code, E::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(shard.now(sync_request("g", ids[0], 2)).error.code, E::ILLEGAL_GENERATION);
    auto other = sync_request("g", ids[0], 1);
    other.protocol = "other";
    EXPECT_EQ(shard.now(other).error.code, E::INCONSISTENT_GROUP_PROTOCOL);
    other = sync_request("g", ids[0], 1);
    other.protocol_type = "connect";
    EXPECT_EQ(shard.now(other).error.code, E::INCONSISTENT_GROUP_PROTOCOL);
    shard.ask(join_request("g"));
    EXPECT_EQ(shard.now(sync_request("g", ids[0], 1)).error.code, E::REBALANCE_IN_PROGRESS);
}

TEST(ClassicSync, WhoWaitsWhenANewRoundBeginsIsToldSo) {
    TestShard shard;
    const auto ids = joined_group(shard, "g", 2);
    const auto follower = shard.ask(sync_request("g", ids[1], 1));
    shard.ask(join_request("g"));
    ASSERT_NE(shard.answer<SyncGroup>(follower), nullptr);
    EXPECT_EQ(shard.answer<SyncGroup>(follower)->error.code, E::REBALANCE_IN_PROGRESS);
}

TEST(ClassicSync, WhoDoesNotSyncInTimeIsRemoved) {
    TestShard shard;
    auto join = join_request("g");
    join.session_timeout = Millis(1'000'000);
    join.rebalance_timeout = Millis(30'000);
    const auto ids = joined_group(shard, "g", 2, false, join);
    shard.now(sync_request("g", ids[0], 1));
    shard.pass(Millis(30'000));
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
    EXPECT_EQ(shard.classic("g").members.size(), 1U);
    EXPECT_EQ(heartbeat(shard, "g", ids[1], 1), E::UNKNOWN_MEMBER_ID);
}

TEST(ClassicHeartbeat, SaysWhereTheGroupIs) {
    TestShard shard;
    EXPECT_EQ(heartbeat(shard, "", "m", 1), E::INVALID_GROUP_ID);
    EXPECT_EQ(heartbeat(shard, "g", "m", 1), E::UNKNOWN_MEMBER_ID);
    const auto ids = stable_group(shard, "g", 2);
    EXPECT_EQ(heartbeat(shard, "g", "m", 1), E::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(heartbeat(shard, "g", ids[0], 2), E::ILLEGAL_GENERATION);
    EXPECT_EQ(heartbeat(shard, "g", ids[0], 1), E::NONE);
    EXPECT_TRUE(shard.timers.contains(timer_key(TimerKind::session, "g", ids[0])));
}

TEST(ClassicHeartbeat, AMemberThatIsNotHeardOfIsRemoved) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2);
    shard.pass(Millis(9'999));
    EXPECT_EQ(heartbeat(shard, "g", ids[1], 1), E::NONE);
    shard.pass(Millis(1));
    EXPECT_EQ(shard.classic("g").members.size(), 1U);
    EXPECT_EQ(shard.classic("g").leader, ids[1]);
    EXPECT_EQ(heartbeat(shard, "g", ids[1], 1), E::REBALANCE_IN_PROGRESS);
    shard.pass(Millis(10'000));
    EXPECT_EQ(shard.classic("g").state, ClassicState::empty);
    EXPECT_EQ(shard.classic("g").generation, 2);
    EXPECT_EQ(shard.replay().state().classic("g")->generation, 2);
}

TEST(ClassicLeave, TakesOutMembersOneByOne) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 3, true);
    LeaveGroup leave{"g",
                     {{"", "i0", {}},
                      {"", "unknown", {}},
                      {"", {}, {}},
                      {ids[1], "i2", {}},
                      {ids[1], "i1", {}},
                      {"nobody", {}, {}}}};
    const auto reply = shard.now(leave);
    EXPECT_EQ(reply.error.code, E::NONE);
    std::vector<E> errors;
    for (const auto& member : reply.members) errors.push_back(member.error.code);
    EXPECT_EQ(errors, (std::vector<E>{E::NONE, E::UNKNOWN_MEMBER_ID, E::UNKNOWN_MEMBER_ID,
                                      E::FENCED_INSTANCE_ID, E::NONE, E::UNKNOWN_MEMBER_ID}));
    EXPECT_EQ(shard.classic("g").members.size(), 1U);
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
    const auto none = shard.now(LeaveGroup{"none", {{"m", {}, {}}}});
    EXPECT_EQ(none.error.code, E::NONE);
    ASSERT_EQ(none.members.size(), 1U);
    EXPECT_EQ(none.members[0].error.code, E::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(shard.now(LeaveGroup{"", {{"m", {}, {}}}}).error.code, E::INVALID_GROUP_ID);
}

TEST(ClassicLeave, TheLastOneLeavesAnEmptyGroupOfANewGeneration) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 1);
    shard.now(LeaveGroup{"g", {{ids[0], {}, {}}}});
    EXPECT_EQ(shard.classic("g").state, ClassicState::empty);
    EXPECT_EQ(shard.classic("g").generation, 2);
    EXPECT_EQ(shard.classic("g").protocol_type, "consumer");
    EXPECT_EQ(shard.classic("g").protocol, std::nullopt);
}

TEST(ClassicLeave, AnIdThatWasGivenOutMayLeaveAndTheOthersGoOn) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 1);
    auto join = join_request("g");
    join.requires_known_member_id = true;
    const auto pending = shard.now(join).member_id;
    join.member_id = ids[0];
    const auto leader = shard.ask(join);
    EXPECT_EQ(shard.answer<JoinGroup>(leader), nullptr) << "waits for the one that must come back";
    EXPECT_EQ(shard.now(LeaveGroup{"g", {{pending, {}, {}}}}).members[0].error.code, E::NONE);
    // As Kafka: leaving ids complete the phase too.
    ASSERT_NE(shard.answer<JoinGroup>(leader), nullptr);
    EXPECT_EQ(shard.answer<JoinGroup>(leader)->generation, 2);
}

TEST(ClassicDescribe, TellsMetadataOfStableGroupsOnly) {
    TestShard shard;
    const auto ids = joined_group(shard, "g", 1);
    auto described = shard.now(DescribeGroup{"g"});
    EXPECT_EQ(described.state, "CompletingRebalance");
    EXPECT_EQ(described.protocol, "");
    ASSERT_EQ(described.members.size(), 1U);
    EXPECT_TRUE(described.members[0].metadata.empty());
    EXPECT_TRUE(described.members[0].assignment.empty());
    auto sync = sync_request("g", ids[0], 1);
    sync.assignments = {{ids[0], {5}}};
    shard.now(sync);
    described = shard.now(DescribeGroup{"g"});
    EXPECT_EQ(described.state, "Stable");
    EXPECT_EQ(described.protocol, "range");
    EXPECT_EQ(described.protocol_type, "consumer");
    EXPECT_FALSE(described.members[0].metadata.empty());
    EXPECT_EQ(described.members[0].assignment, Blob{5});
    EXPECT_EQ(described.members[0].client.host, "/127.0.0.1");

    shard.ask(join_request("g"));
    described = shard.now(DescribeGroup{"g"});
    EXPECT_EQ(described.state, "PreparingRebalance");
    EXPECT_TRUE(described.members[0].metadata.empty());
    EXPECT_EQ(described.members[0].assignment, Blob{5}) << "what it had is shown";

    described = shard.now(DescribeGroup{"none"});
    EXPECT_EQ(described.error.code, E::GROUP_ID_NOT_FOUND);
    EXPECT_EQ(described.state, "Dead");
}

TEST(ClassicDescribe, ListsByStateAndTypeWithoutRegardToCase) {
    TestShard shard;
    stable_group(shard, "a", 1);
    joined_group(shard, "b", 1);
    EXPECT_EQ(shard.now(ListGroups{}).groups.size(), 2U);
    const auto listed = shard.now(ListGroups{{"STABLE", "empty"}, {"Classic"}}).groups;
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].id, "a");
    EXPECT_EQ(listed[0].type, "classic");
    EXPECT_TRUE(shard.now(ListGroups{{}, {"consumer"}}).groups.empty());
}

TEST(ClassicDelete, OnlyEmptyGroups) {
    TestShard shard;
    EXPECT_EQ(shard.now(DeleteGroup{"g"}).error.code, E::GROUP_ID_NOT_FOUND);
    const auto ids = stable_group(shard, "g", 1);
    EXPECT_EQ(shard.now(DeleteGroup{"g"}).error.code, E::NON_EMPTY_GROUP);
    shard.now(LeaveGroup{"g", {{ids[0], {}, {}}}});
    EXPECT_EQ(shard.now(DeleteGroup{"g"}).error.code, E::NONE);
    EXPECT_TRUE(shard.state().groups.empty());
    EXPECT_TRUE(shard.replay().state().groups.empty());
}

TEST(ClassicReplay, ANewCoordinatorGoesOnWithTheLastGeneration) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 2);
    shard.fail_over();
    EXPECT_EQ(shard.classic("g").state, ClassicState::stable);
    EXPECT_EQ(heartbeat(shard, "g", ids[0], 1), E::NONE);
    EXPECT_EQ(shard.now(sync_request("g", ids[1], 1)).assignment, Blob{2});
    shard.pass(Millis(10'000));
    EXPECT_TRUE(shard.classic("g").members.empty()) << "sessions run after a load";
}

TEST(ClassicReplay, AGroupThatIsTooLargeAfterALoadIsRebalanced) {
    TestShard shard;
    stable_group(shard, "g", 3);
    shard.settings.max_size = 2;
    shard.fail_over();
    EXPECT_EQ(shard.classic("g").state, ClassicState::preparing_rebalance);
}

}  // namespace
}  // namespace milena::coordinator::group
