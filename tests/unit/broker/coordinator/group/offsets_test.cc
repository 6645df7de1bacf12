// Positions: who may commit, what readers see, transactions, and how positions go.
#include "tests/unit/broker/coordinator/group/classic_members.h"

namespace milena::coordinator::group {
namespace {

using E = ErrorCode;
constexpr ProducerId kProducer{7};
constexpr Millis kDay{24 * 3'600'000};

OffsetCommit commit_request(std::string group_id, std::int64_t offset, std::string topic = "t",
                            int partition = 0) {
    OffsetCommit commit;
    commit.group_id = std::move(group_id);
    commit.topics = {{std::move(topic), {}, {{PartitionIndex(partition), Offset(offset), {}, ""}}}};
    return commit;
}

TxnOffsetCommit in_transaction(OffsetCommit commit, ProducerId producer = kProducer) {
    TxnOffsetCommit request;
    request.group_id = commit.group_id;
    request.transactional_id = "txn";
    request.producer_id = producer;
    request.producer_epoch = ProducerEpoch(0);
    request.member = commit.member;
    request.topics = commit.topics;
    return request;
}

OffsetFetch::Reply::Partition fetch(TestShard& shard, std::string group_id, bool stable = false,
                                    std::string topic = "t", int partition = 0, TopicId id = {}) {
    OffsetFetch request;
    request.group_id = std::move(group_id);
    request.require_stable = stable;
    request.topics.emplace();
    request.topics->push_back({std::move(topic), id, {PartitionIndex(partition)}});
    const auto reply = shard.now(request);
    EXPECT_EQ(reply.error.code, E::NONE);
    return reply.topics.at(0).partitions.at(0);
}

E commit_error(TestShard& shard, const OffsetCommit& request) {
    const auto reply = shard.now(request);
    EXPECT_EQ(reply.topics.at(0).partitions.at(0).error, reply.error.code);
    return reply.error.code;
}

TEST(OffsetCommitRules, WithoutAMemberOnlyWhileNobodyIsInTheGroup) {
    TestShard shard;
    EXPECT_EQ(commit_error(shard, commit_request("g", 1)), E::NONE) << "makes a simple group";
    EXPECT_EQ(commit_error(shard, commit_request("g", 2)), E::NONE);
    EXPECT_EQ(shard.now(DescribeGroup{"g"}).state, "Empty");
    EXPECT_EQ(shard.now(DescribeGroup{"g"}).protocol_type, "");
    const auto ids = stable_group(shard, "g", 1);
    EXPECT_EQ(commit_error(shard, commit_request("g", 3)), E::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(fetch(shard, "g").offset, Offset(2));
    shard.now(LeaveGroup{"g", {{ids[0], {}, {}}}});
    EXPECT_EQ(commit_error(shard, commit_request("g", 4)), E::NONE) << "an administrator may";
}

TEST(OffsetCommitRules, AMemberMustBeOfTheGeneration) {
    TestShard shard;
    auto commit = commit_request("none", 1);
    commit.member = {"m", {}, 1};
    EXPECT_EQ(commit_error(shard, commit), E::ILLEGAL_GENERATION);
    commit.supports_member_epoch = true;
    EXPECT_EQ(commit_error(shard, commit), E::GROUP_ID_NOT_FOUND);

    const auto ids = joined_group(shard, "g", 2);
    commit = commit_request("g", 5);
    commit.member = {ids[0], {}, 1};
    EXPECT_EQ(commit_error(shard, commit), E::REBALANCE_IN_PROGRESS);
    shard.now(sync_request("g", ids[0], 1));
    EXPECT_EQ(commit_error(shard, commit), E::NONE);
    commit.member.generation = 0;
    EXPECT_EQ(commit_error(shard, commit), E::ILLEGAL_GENERATION);
    commit.member = {"nobody", {}, 1};
    EXPECT_EQ(commit_error(shard, commit), E::UNKNOWN_MEMBER_ID);
    shard.ask(join_request("g"));
    commit.member = {ids[1], {}, 1};
    EXPECT_EQ(commit_error(shard, commit), E::NONE) << "before it gives its partitions up";
}

TEST(OffsetCommitRules, ACommitIsASignOfLife) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 1);
    auto commit = commit_request("g", 5);
    commit.member = {ids[0], {}, 1};
    shard.pass(Millis(9'000));
    EXPECT_EQ(commit_error(shard, commit), E::NONE);
    shard.pass(Millis(9'999));
    EXPECT_EQ(heartbeat(shard, "g", ids[0], 1), E::NONE);
}

TEST(OffsetCommitRules, MetadataIsCountedAsJavaCountsIt) {
    Settings settings;
    settings.offset_metadata_max_bytes = 4;
    TestShard shard(settings);
    const std::pair<const char*, E> cases[] = {
        {"abcd", E::NONE},
        {"abcde", E::OFFSET_METADATA_TOO_LARGE},
        {"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", E::NONE},
        {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", E::NONE},
        {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80z", E::OFFSET_METADATA_TOO_LARGE},
    };
    std::string kept;
    for (const auto& [metadata, error] : cases) {
        auto commit = commit_request("g", 1);
        commit.topics[0].partitions[0].metadata = metadata;
        const auto reply = shard.now(commit);
        EXPECT_EQ(reply.error.code, E::NONE);
        EXPECT_EQ(reply.topics[0].partitions[0].error, error) << metadata;
        EXPECT_EQ(fetch(shard, "g").metadata, error == E::NONE ? metadata : kept);
        kept = fetch(shard, "g").metadata;
    }
}

TEST(OffsetFetchRules, WhatIsNotThereIsMinusOneWithoutAnError) {
    TestShard shard;
    const auto answer = fetch(shard, "none");
    EXPECT_EQ(answer.offset, Offset(-1));
    EXPECT_EQ(answer.leader_epoch, LeaderEpoch(-1));
    EXPECT_EQ(answer.metadata, "");
    EXPECT_EQ(answer.error, E::NONE);
    OffsetFetch all;
    all.group_id = "none";
    EXPECT_TRUE(shard.now(all).topics.empty());
}

TEST(OffsetFetchRules, APositionOfATopicThatWasMadeAnewIsMissing) {
    TestShard shard;
    const TopicId before{Uuid{1, 1}};
    const TopicId after{Uuid{2, 2}};
    auto commit = commit_request("g", 5);
    commit.topics[0].id = before;
    shard.now(commit);
    EXPECT_EQ(fetch(shard, "g", false, "t", 0, before).offset, Offset(5));
    EXPECT_EQ(fetch(shard, "g", false, "t", 0, after).offset, Offset(-1));
    EXPECT_EQ(fetch(shard, "g").offset, Offset(5)) << "asked for by name";
}

TEST(OffsetFetchRules, AllTopicsOfTheGroup) {
    TestShard shard;
    shard.now(commit_request("g", 1, "a", 1));
    shard.now(commit_request("g", 2, "a", 0));
    shard.now(commit_request("g", 3, "b", 0));
    shard.now(commit_request("other", 4, "c", 0));
    shard.now(in_transaction(commit_request("g", 9, "b", 0)));
    OffsetFetch all;
    all.group_id = "g";
    auto reply = shard.now(all);
    ASSERT_EQ(reply.topics.size(), 2U);
    EXPECT_EQ(reply.topics[0].partitions.size(), 2U);
    EXPECT_EQ(reply.topics[1].partitions[0].offset, Offset(3));
    all.require_stable = true;
    reply = shard.now(all);
    EXPECT_EQ(reply.topics[1].partitions[0].error, E::UNSTABLE_OFFSET_COMMIT);
    EXPECT_EQ(reply.topics[1].partitions[0].offset, Offset(-1));
}

TEST(TransactionalOffsets, AreSeenAfterTheCommitOnly) {
    for (const bool commit : {true, false}) {
        SCOPED_TRACE(commit ? "commit" : "abort");
        TestShard shard;
        shard.now(commit_request("g", 1));
        EXPECT_EQ(shard.now(in_transaction(commit_request("g", 2))).error.code, E::NONE);
        EXPECT_EQ(fetch(shard, "g").offset, Offset(1));
        EXPECT_EQ(fetch(shard, "g", true).error, E::UNSTABLE_OFFSET_COMMIT);
        shard.fail_over();
        EXPECT_EQ(fetch(shard, "g", true).error, E::UNSTABLE_OFFSET_COMMIT);
        shard.end_transaction(kProducer, commit ? ControlType::commit : ControlType::abort);
        EXPECT_EQ(fetch(shard, "g", true).offset, Offset(commit ? 2 : 1));
        EXPECT_EQ(shard.replay().state().offsets, shard.state().offsets);
    }
}

TEST(TransactionalOffsets, ALaterCommitOutsideWinsWhateverTheTransactionDoes) {
    TestShard shard;
    shard.now(in_transaction(commit_request("g", 2)));
    shard.now(commit_request("g", 3));
    shard.end_transaction(kProducer, ControlType::commit);
    EXPECT_EQ(fetch(shard, "g").offset, Offset(3));
}

TEST(TransactionalOffsets, AnAbortedFirstCommitLeavesNoGroupBehind) {
    TestShard shard;
    shard.now(in_transaction(commit_request("g", 2)));
    EXPECT_NE(shard.state().group("g"), nullptr);
    shard.end_transaction(kProducer, ControlType::abort);
    EXPECT_EQ(shard.state().group("g"), nullptr);
}

TEST(TransactionalOffsets, CheckTheMemberWhenTheProducerNamesOne) {
    TestShard shard;
    auto request = in_transaction(commit_request("none", 1));
    request.member = {"m", {}, 3};
    EXPECT_EQ(shard.now(request).error.code, E::ILLEGAL_GENERATION);
    const auto ids = joined_group(shard, "g", 1);
    request.group_id = "g";
    EXPECT_EQ(shard.now(request).error.code, E::UNKNOWN_MEMBER_ID);
    request.member = {ids[0], {}, 3};
    EXPECT_EQ(shard.now(request).error.code, E::ILLEGAL_GENERATION);
    request.member = {ids[0], "instance", 1};
    EXPECT_EQ(shard.now(request).error.code, E::UNKNOWN_MEMBER_ID);
    request.member = {ids[0], {}, 1};
    EXPECT_EQ(shard.now(request).error.code, E::NONE);
    request.member = {};
    EXPECT_EQ(shard.now(request).error.code, E::NONE) << "an older producer names nobody";
}

TEST(OffsetDeletion, NotOfWhatMembersRead) {
    TestShard shard;
    const OffsetDelete request{"g", {{"t", {PartitionIndex(0)}}, {"u", {PartitionIndex(0)}}}};
    EXPECT_EQ(shard.now(request).error.code, E::GROUP_ID_NOT_FOUND);
    shard.now(commit_request("g", 1, "t"));
    shard.now(commit_request("g", 1, "u"));
    stable_group(shard, "g", 1);  // subscribed to t
    const auto reply = shard.now(request);
    EXPECT_EQ(reply.topics[0].partitions[0].error, E::GROUP_SUBSCRIBED_TO_TOPIC);
    EXPECT_EQ(reply.topics[1].partitions[0].error, E::NONE);
    EXPECT_EQ(fetch(shard, "g", false, "t").offset, Offset(1));
    EXPECT_EQ(fetch(shard, "g", false, "u").offset, Offset(-1));

    auto connect = join_request("c");
    connect.protocol_type = "connect";
    stable_group(shard, "c", 1, false, connect);
    EXPECT_EQ(shard.now(OffsetDelete{"c", {}}).error.code, E::NON_EMPTY_GROUP);
}

TEST(OffsetDeletion, WithTheirGroupOrTheirTopicAlsoThosePending) {
    TestShard shard;
    shard.now(commit_request("g", 1));
    shard.now(in_transaction(commit_request("g", 2, "u")));
    shard.now(commit_request("h", 1, "u"));
    EXPECT_EQ(shard.now(DeleteGroup{"g"}).error.code, E::NONE);
    shard.end_transaction(kProducer, ControlType::commit);
    EXPECT_EQ(fetch(shard, "g", false, "u").offset, Offset(-1));
    shard.ask(ForgetTopics{{"u"}});
    EXPECT_TRUE(shard.state().groups.empty());
    EXPECT_TRUE(shard.replay().state().groups.empty());
}

TEST(OffsetExpiry, FollowsTheGroup) {
    struct Case {
        const char* name;
        std::function<void(TestShard&)> prepare;  // takes one day or less
        Millis wait;
        bool is_kept;
    };
    const auto by_member = [](TestShard& shard, const std::string& type, const char* topic) {
        auto join = join_request("g");
        join.protocol_type = type;
        join.session_timeout = join.rebalance_timeout = Millis(1'800'000);
        const auto ids = stable_group(shard, "g", 1, false, join);
        auto commit = commit_request("g", 1, topic);
        commit.member = {ids[0], {}, 1};
        shard.now(commit);
        // Only so long as nobody looks at its session.
        shard.timers.erase(timer_key(TimerKind::session, "g", ids[0]));
        return ids[0];
    };
    const Case cases[] = {
        {"simple, young", [](auto& shard) { shard.now(commit_request("g", 1)); }, kDay * 6, true},
        {"simple, old", [](auto& shard) { shard.now(commit_request("g", 1)); }, kDay * 8, false},
        {"simple, pending",
         [](auto& shard) {
             shard.now(commit_request("g", 1));
             shard.now(in_transaction(commit_request("g", 2)));
         },
         kDay * 8, true},
        {"with an explicit retention",
         [](auto& shard) {
             auto commit = commit_request("g", 1);
             commit.retention = Millis(3'600'000);
             shard.now(commit);
         },
         kDay, false},
        {"read by a member", [&](auto& shard) { by_member(shard, "consumer", "t"); }, kDay * 30,
         true},
        {"not read any more", [&](auto& shard) { by_member(shard, "consumer", "u"); }, kDay * 8,
         false},
        {"of members of another kind", [&](auto& shard) { by_member(shard, "connect", "u"); },
         kDay * 30, true},
        {"of a group that is empty for a short time only",
         [&](auto& shard) {
             const auto id = by_member(shard, "consumer", "t");
             shard.pass(kDay * 20);
             shard.now(LeaveGroup{"g", {{id, {}, {}}}});
         },
         kDay * 6, true},
        {"of a group that has been empty for long",
         [&](auto& shard) {
             const auto id = by_member(shard, "consumer", "t");
             shard.now(LeaveGroup{"g", {{id, {}, {}}}});
         },
         kDay * 8, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        TestShard shard;
        c.prepare(shard);
        shard.pass(c.wait);
        EXPECT_EQ(shard.state().offsets.of_group("g") != nullptr, c.is_kept);
        EXPECT_EQ(shard.replay().state().offsets, shard.state().offsets);
    }
}

TEST(OffsetExpiry, AnEmptyGroupWithoutPositionsGoes) {
    TestShard shard;
    const auto ids = stable_group(shard, "g", 1);
    shard.now(LeaveGroup{"g", {{ids[0], {}, {}}}});
    shard.pass(Millis(600'000));
    EXPECT_TRUE(shard.state().groups.empty());
    EXPECT_TRUE(shard.replay().state().groups.empty());
}

TEST(OffsetRecords, AreOfKafkasVersions) {
    TestShard shard;
    shard.now(commit_request("g", 1));
    ASSERT_EQ(shard.log.size(), 1U);
    const Blob key{0, 1, 0, 1, 'g', 0, 1, 't', 0, 0, 0, 0};
    EXPECT_EQ(shard.log[0].key, key);
    EXPECT_EQ(leading_int16(*shard.log[0].value), 4);
    auto with_retention = commit_request("g", 1);
    with_retention.retention = Millis(5);
    shard.now(with_retention);
    EXPECT_EQ(leading_int16(*shard.log[1].value), 1);
    stable_group(shard, "h", 1);
    EXPECT_EQ(leading_int16(shard.log.back().key), 2);
    EXPECT_EQ(leading_int16(*shard.log.back().value), 3);
}

TEST(OffsetRecords, BytesThatAreNoneChangeNothing) {
    TestShard shard;
    shard.now(commit_request("g", 1));
    const auto& good = shard.log[0];
    SeededRandom random(3);
    for (int round = 0; round < 2000; ++round) {
        Machine machine(shard.settings);
        Blob key = good.key;
        Blob value = *good.value;
        auto& hurt = random.below(2) == 0 ? key : value;
        hurt[random.below(hurt.size())] = static_cast<std::uint8_t>(random.next());
        if (random.below(2) == 0) hurt.resize(random.below(hurt.size()));
        machine.apply(KeyedRecord{key, ByteView(value)}, RecordOrigin{});
        const char* broken = machine.state().check_invariants();
        EXPECT_EQ(broken, nullptr) << broken;
    }
}

}  // namespace
}  // namespace milena::coordinator::group
