// Consumer groups (KIP-848), transition by transition. The traces were compared with Kafka 4.2.
#include "tests/unit/broker/coordinator/group/consumer_members.h"

#include <gtest/gtest.h>

namespace milena::coordinator::group {
namespace {

using Reply = ConsumerGroupHeartbeat::Reply;

class ConsumerGroups : public testing::Test {
  protected:
    ConsumerGroups() {
        set_topic(shard.image, "a", 3);
        set_topic(shard.image, "b", 2);
    }
    const ConsumerGroup& group() {
        const auto* found = shard.state().consumer("g");
        EXPECT_NE(found, nullptr);
        static const ConsumerGroup none;
        return found ? *found : none;
    }
    ConsumerClient client(std::string id, std::vector<std::string> topics = {"a"}) {
        return {shard, "g", std::move(id), std::move(topics)};
    }
    ErrorCode error(const ConsumerGroupHeartbeat& request) { return shard.now(request).error.code; }
    std::string state() { return shard.now(ConsumerGroupDescribe{"g"}).state; }

    TestShard shard;
};

TEST_F(ConsumerGroups, TheFirstMemberGetsEverythingAtOnce) {
    auto m1 = client("m1");
    const Reply reply = m1.join();
    EXPECT_EQ(reply.error.code, ErrorCode::NONE);
    EXPECT_EQ(reply.member_id, "m1");
    EXPECT_EQ(reply.member_epoch, 1);
    EXPECT_EQ(reply.heartbeat_interval, Millis(5'000));
    EXPECT_EQ(m1.owned(), partitions("a", {0, 1, 2}));
    EXPECT_EQ(state(), "Stable");
    const Reply next = shard.now(report("g", "m1", 1));
    EXPECT_EQ(next.member_epoch, 1);
    EXPECT_FALSE(next.assignment) << "nothing has changed";
}

TEST_F(ConsumerGroups, WritesTheRecordsThatKafkaWrites) {
    auto m1 = client("m1");
    m1.join();
    std::vector<int> types;
    for (const auto& entry : shard.log) types.push_back(entry.key[1]);
    EXPECT_EQ(types, (std::vector<int>{5, 3, 7, 6, 8}));
}

// The epoch record that Kafka 4.2 wrote for a topic of 3 partitions with this name and id.
TEST_F(ConsumerGroups, TheMetadataHashIsKafkas) {
    auto topic = std::make_shared<metadata::TopicImage>();
    topic->name = "k848e4c14fa";
    topic->id = TopicId(Uuid{0xbb1e745f125e401bULL, 0xb147f6f04cb76158ULL});
    for (int i = 0; i < 3; ++i) {
        topic->partitions.push_back(std::make_shared<metadata::PartitionImage>());
    }
    decltype(shard.image.topics_by_name)::Editor(shard.image.topics_by_name).set(topic);
    decltype(shard.image.topics_by_id)::Editor(shard.image.topics_by_id).set(topic);
    auto m1 = client("m1", {"k848e4c14fa"});
    m1.join();
    EXPECT_EQ(static_cast<std::uint64_t>(group().metadata_hash), 0xec0a3d138263a971ULL);
}

TEST_F(ConsumerGroups, PartitionsMoveOnlyAfterTheirOwnerHasGivenThemUp) {
    auto m1 = client("m1", {"a", "b"});
    auto m2 = client("m2", {"a", "b"});
    m1.join();
    m2.join();
    EXPECT_EQ(m2.epoch(), 2);
    EXPECT_TRUE(m2.owned().empty()) << "m1 holds them still";
    EXPECT_EQ(state(), "Reconciling");

    Reply reply = shard.now(report("g", "m1", 1));
    ASSERT_TRUE(reply.assignment);
    EXPECT_EQ(reply.member_epoch, 1) << "the old epoch until it has revoked";
    const PartitionSet kept = partitions_of(*reply.assignment);
    EXPECT_EQ(kept.size(), 3U);
    EXPECT_FALSE(shard.now(report("g", "m1", 1)).assignment);
    m2.beat();
    EXPECT_TRUE(m2.owned().empty());

    auto revoked = report("g", "m1", 1);
    revoked.owned = *reply.assignment;
    reply = shard.now(revoked);
    EXPECT_EQ(reply.member_epoch, 2);
    EXPECT_FALSE(reply.assignment);
    m2.beat();
    EXPECT_EQ(m2.owned(), (partitions("a", {0, 1, 2}) | partitions("b", {0, 1})) - kept);
    EXPECT_EQ(state(), "Stable");
    EXPECT_EQ(shard.now(revoked).error.code, ErrorCode::NONE) << "its answer may have been lost";
}

TEST_F(ConsumerGroups, ALeavingMembersPartitionsGoToTheOthers) {
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.join();
    m2.join();
    m1.beat();
    m1.beat();
    EXPECT_EQ(m1.leave().member_epoch, -1);
    EXPECT_EQ(m1.leave().error.code, ErrorCode::UNKNOWN_MEMBER_ID);
    EXPECT_EQ(state(), "Assigning");
    m2.beat();
    EXPECT_EQ(m2.owned(), partitions("a", {0, 1, 2}));
    EXPECT_EQ(m2.epoch(), 3);
}

TEST_F(ConsumerGroups, WhoeverReportsFirstKeepsWhatItHad) {
    set_topic(shard.image, "a", 4);
    auto m1 = client("m1");
    auto m2 = client("m2");
    auto m3 = client("m3");
    for (auto* each : {&m1, &m2, &m3}) each->join();
    for (int i = 0; i < 3; ++i)
        for (auto* each : {&m1, &m2, &m3}) each->beat();
    const PartitionSet first = m1.owned();
    const PartitionSet third = m3.owned();
    EXPECT_EQ(first.size(), 2U);
    m2.leave();
    m1.beat();
    m3.beat();
    EXPECT_EQ(m1.owned(), first);
    EXPECT_TRUE(m3.owned().includes(third));
    EXPECT_EQ(m3.owned().size(), 2U);
}

struct Case {
    const char* name;
    ConsumerGroupHeartbeat request;
    ErrorCode error;
    const char* message;
};

std::vector<Case> refused_cases() {
    std::vector<Case> cases;
    const auto add = [&](const char* name, ErrorCode error, const char* message, auto&& edit) {
        auto request = join_consumer("g", "m9", {"a"});
        edit(request);
        cases.push_back({name, request, error, message});
    };
    using enum ErrorCode;
    add("too old", FENCED_MEMBER_EPOCH,
        "The consumer group member has a smaller member epoch (1) than the one known by the group "
        "coordinator (2). The member must abandon all its partitions and rejoin.",
        [](auto& r) { r = report("g", "m1", 1); });
    add("too new", FENCED_MEMBER_EPOCH,
        "The consumer group member has a greater member epoch (99) than the one known by the group "
        "coordinator (2). The member must abandon all its partitions and rejoin.",
        [](auto& r) { r = report("g", "m1", 99); });
    add("unknown member", UNKNOWN_MEMBER_ID, "Member zz is not a member of group g.",
        [](auto& r) { r = report("g", "zz", 3); });
    add("unknown group", GROUP_ID_NOT_FOUND, "Consumer group h not found.",
        [](auto& r) { r = report("h", "m1", 5); });
    add("leaves unknown group", GROUP_ID_NOT_FOUND, "Group h not found.",
        [](auto& r) { r = report("h", "m1", -1); });
    add("assignor", UNSUPPORTED_ASSIGNOR,
        "ServerAssignor foo is not supported. Supported assignors: uniform, range.",
        [](auto& r) { r.server_assignor = "foo"; });
    add("regex", INVALID_REGULAR_EXPRESSION, nullptr, [](auto& r) { r.subscribed_regex = "[a"; });
    add("no timeout", INVALID_REQUEST, "RebalanceTimeoutMs must be provided in first request.",
        [](auto& r) { r.rebalance_timeout.reset(); });
    add("no topics", INVALID_REQUEST,
        "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        [](auto& r) { r.subscribed_topics.reset(); });
    add("owned", INVALID_REQUEST, "TopicPartitions must be empty when (re-)joining.",
        [](auto& r) { r.owned.reset(); });
    add("no member id", INVALID_REQUEST, "MemberId can't be empty.",
        [](auto& r) { r.member_id.clear(); });
    add("no group id", INVALID_REQUEST, "GroupId can't be empty.",
        [](auto& r) { r.group_id.clear(); });
    add("epoch", INVALID_REQUEST, "MemberEpoch is invalid.",
        [](auto& r) { r = report("g", "m1", -3); });
    add("static leave", INVALID_REQUEST, "InstanceId can't be null.",
        [](auto& r) { r = report("g", "m1", -2); });
    add("instance id", INVALID_REQUEST, "InstanceId can't be empty.",
        [](auto& r) { r.instance_id = ""; });
    add("rack", INVALID_REQUEST, "RackId can't be empty.", [](auto& r) { r.rack = ""; });
    return cases;
}

TEST_F(ConsumerGroups, RefusesWithKafkasErrors) {
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.join();
    m2.join();
    m1.beat();
    m1.beat();
    const std::size_t records = shard.log.size();
    for (const Case& each : refused_cases()) {
        SCOPED_TRACE(each.name);
        const Reply reply = shard.now(each.request);
        EXPECT_EQ(reply.error.code, each.error);
        if (each.message) {
            EXPECT_EQ(reply.error.detail, each.message);
        }
        EXPECT_EQ(shard.log.size(), records);
    }
}

TEST_F(ConsumerGroups, AMemberMayJoinAgainUnderItsIdAndKeepsWhatItHad) {
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.join();
    m2.join();
    m1.beat();
    m1.beat();
    const PartitionSet had = m1.owned();
    const Reply reply = m1.join();
    EXPECT_EQ(reply.member_epoch, 2) << "nothing has changed for the group";
    EXPECT_EQ(m1.owned(), had);
}

TEST_F(ConsumerGroups, OnlyTopicsMakeANewEpoch) {
    auto m1 = client("m1");
    m1.join();
    auto request = report("g", "m1", 1);
    request.rack = "zz";
    EXPECT_EQ(shard.now(request).member_epoch, 1);
    EXPECT_EQ(group().member("m1")->rack_id, "zz");
    request.subscribed_topics = std::vector<std::string>{"a", "b"};
    const Reply reply = shard.now(request);
    EXPECT_EQ(reply.member_epoch, 2);
    ASSERT_TRUE(reply.assignment);
    EXPECT_EQ(partitions_of(*reply.assignment).size(), 5U);
}

TEST_F(ConsumerGroups, ATopicThatGrowsOrComesOrGoesIsNoticed) {
    auto m1 = client("m1", {"a", "later"});
    m1.join();
    set_topic(shard.image, "a", 4);
    m1.beat();
    EXPECT_EQ(m1.owned(), partitions("a", {0, 1, 2, 3}));
    set_topic(shard.image, "later", 1);
    m1.beat();
    EXPECT_EQ(m1.owned(), partitions("a", {0, 1, 2, 3}) | partitions("later", {0}));
    set_topic(shard.image, "a", 0);
    m1.beat();
    EXPECT_EQ(m1.owned(), partitions("later", {0}));
    m1.beat();
    const auto epoch = m1.epoch();
    set_topic(shard.image, "other", 3);
    m1.beat();
    EXPECT_EQ(m1.epoch(), epoch) << "nobody reads it";
}

TEST_F(ConsumerGroups, ASilentMemberIsRemoved) {
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.join();
    m2.join();
    shard.pass(Millis(44'000));
    m2.beat();
    shard.pass(Millis(1'000));
    EXPECT_EQ(m1.beat().error.code, ErrorCode::UNKNOWN_MEMBER_ID);
    m2.beat();
    EXPECT_EQ(m2.owned(), partitions("a", {0, 1, 2}));
}

TEST_F(ConsumerGroups, AMemberThatDoesNotRevokeInTimeIsRemoved) {
    shard.settings.consumer_session_timeout = Millis(60'000);
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.settings().rebalance_timeout = Millis(10'000);
    m1.join();
    m2.join();
    shard.now(report("g", "m1", 1));
    shard.pass(Millis(9'999));
    EXPECT_EQ(shard.now(report("g", "m1", 1)).error.code, ErrorCode::NONE);
    shard.pass(Millis(1));
    EXPECT_EQ(shard.now(report("g", "m1", 1)).error.code, ErrorCode::UNKNOWN_MEMBER_ID);
    m2.beat();
    EXPECT_EQ(m2.owned(), partitions("a", {0, 1, 2}));
}

TEST_F(ConsumerGroups, RevokingInTimeEndsTheRebalanceTimeout) {
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.settings().rebalance_timeout = Millis(10'000);
    m1.join();
    m2.join();
    m1.beat();
    m1.beat();
    EXPECT_EQ(m1.epoch(), 2);
    shard.pass(Millis(11'000));
    EXPECT_EQ(m1.beat().error.code, ErrorCode::NONE);
}

TEST_F(ConsumerGroups, AStaticMemberComesBackToItsPlace) {
    auto x1 = client("x1");
    auto x2 = client("x2");
    for (auto* x : {&x1, &x2}) x->settings().instance_id = "i1";
    x1.join();
    EXPECT_EQ(x2.join().error.code, ErrorCode::UNRELEASED_INSTANCE_ID);
    EXPECT_EQ(error(x1.settings()), ErrorCode::UNRELEASED_INSTANCE_ID);
    EXPECT_EQ(x1.leave(-2).member_epoch, -2);
    EXPECT_EQ(x1.leave(-2).member_epoch, -2);
    auto late = report("g", "x1", 1);
    late.instance_id = "i1";
    EXPECT_EQ(error(late), ErrorCode::FENCED_MEMBER_EPOCH);

    const Reply reply = x2.join();
    EXPECT_EQ(reply.member_epoch, 1) << "the group has not changed";
    EXPECT_EQ(x2.owned(), partitions("a", {0, 1, 2}));
    EXPECT_EQ(error(late), ErrorCode::FENCED_INSTANCE_ID);
    late.instance_id = "i9";
    EXPECT_EQ(error(late), ErrorCode::UNKNOWN_MEMBER_ID);
    late = report("g", "x1", -1);
    late.instance_id = "i1";
    EXPECT_EQ(error(late), ErrorCode::FENCED_INSTANCE_ID);
    EXPECT_EQ(x2.beat().error.code, ErrorCode::NONE);
    EXPECT_EQ(x2.leave().error.code, ErrorCode::NONE);
    EXPECT_EQ(state(), "Empty");
}

TEST_F(ConsumerGroups, AStaticMemberThatStaysAwayLosesItsPlace) {
    auto x1 = client("x1");
    x1.settings().instance_id = "i1";
    x1.join();
    x1.leave(-2);
    shard.pass(Millis(45'000));
    EXPECT_EQ(state(), "Empty");
}

TEST_F(ConsumerGroups, RegularExpressionsFollowTheTopics) {
    auto r1 = client("r1", {});
    r1.settings().subscribed_topics.reset();
    r1.settings().subscribed_regex = "(a|new.*)";
    r1.join();
    EXPECT_EQ(r1.owned(), partitions("a", {0, 1, 2})) << "from end to end: not b";
    set_topic(shard.image, "new-1", 1);
    r1.beat();
    EXPECT_EQ(r1.owned().size(), 3U) << "looked for at most every ten seconds";
    shard.pass(Millis(10'000));
    r1.beat();
    EXPECT_EQ(r1.owned(), partitions("a", {0, 1, 2}) | partitions("new-1", {0}));
    EXPECT_EQ(group().regexes.size(), 1U);

    auto request = report("g", "r1", r1.epoch());
    request.subscribed_regex = "";
    EXPECT_TRUE(shard.now(request).assignment);
    EXPECT_TRUE(group().regexes.empty());
    EXPECT_TRUE(shard.now(ConsumerGroupDescribe{"g"}).members[0].assignment.empty());
}

TEST_F(ConsumerGroups, RegularExpressionsAreLookedUpAgainAlsoWhenNoTopicChanged) {
    auto r1 = client("r1", {});
    r1.settings().subscribed_topics.reset();
    r1.settings().subscribed_regex = "(a|new.*)";
    r1.join();
    // What a member may see can change while the topics stay as they are.
    const auto end = shard.image.provenance.end;
    set_topic(shard.image, "new-1", 1);
    shard.image.provenance.end = end;
    const auto beat_until = [&](Millis time) {
        for (Millis passed{0}; passed < time; passed += Millis(10'000)) {
            shard.pass(Millis(10'000));
            r1.beat();
        }
    };
    beat_until(Millis(590'000));
    EXPECT_EQ(r1.owned().size(), 3U);
    beat_until(Millis(10'000));
    EXPECT_EQ(r1.owned(), partitions("a", {0, 1, 2}) | partitions("new-1", {0}));
}

TEST_F(ConsumerGroups, TheAssignorThatMostAskForIsTaken) {
    set_topic(shard.image, "a", 4);
    auto m1 = client("m1");
    auto m2 = client("m2");
    m1.settings().server_assignor = "range";
    m1.join();
    EXPECT_EQ(shard.now(ConsumerGroupDescribe{"g"}).assignor, "range");
    m2.join();
    EXPECT_EQ(group().target("m1"), partitions("a", {0, 1}));
    m1.leave();
    EXPECT_EQ(shard.now(ConsumerGroupDescribe{"g"}).assignor, "uniform");
}

TEST_F(ConsumerGroups, TheBrokerMakesIdsForOldClients) {
    auto request = join_consumer("g", "", {});
    request.may_lack_member_id = true;
    const Reply reply = shard.now(request);
    EXPECT_EQ(reply.error.code, ErrorCode::NONE);
    ASSERT_TRUE(reply.member_id);
    EXPECT_EQ(reply.member_id->size(), 22U);
    EXPECT_EQ(reply.member_epoch, 1);
}

TEST_F(ConsumerGroups, AGroupThatIsNotThereHasNoState) {
    const auto described = shard.now(ConsumerGroupDescribe{"h"});
    EXPECT_EQ(described.error.code, ErrorCode::GROUP_ID_NOT_FOUND);
    EXPECT_EQ(described.error.detail, "Group h not found.");
    EXPECT_EQ(described.state, "");
}

TEST_F(ConsumerGroups, AFullGroupTakesNobodyMore) {
    TestShard small{[] {
        Settings settings;
        settings.consumer_max_size = 1;
        return settings;
    }()};
    EXPECT_EQ(small.now(join_consumer("g", "m1", {})).error.code, ErrorCode::NONE);
    const Reply reply = small.now(join_consumer("g", "m2", {}));
    EXPECT_EQ(reply.error.code, ErrorCode::GROUP_MAX_SIZE_REACHED);
    EXPECT_EQ(small.now(join_consumer("g", "m1", {})).error.code, ErrorCode::NONE);
}

// What IncrementalAlterConfigs leaves in the metadata.
void set_group_config(metadata::Image& image, metadata::ConfigMap values) {
    const auto config = std::make_shared<metadata::ConfigImage>();
    config->resource = {metadata::ResourceType::group, "g"};
    config->values = std::move(values);
    decltype(image.configs)::Editor(image.configs).set(config);
}

TEST_F(ConsumerGroups, SettingsOfAGroupReachMembersThatAreThere) {
    auto m1 = client("m1");
    EXPECT_EQ(m1.join().heartbeat_interval, Millis(5'000));
    set_group_config(shard.image, {{"consumer.heartbeat.interval.ms", "7000"},
                                   {"consumer.session.timeout.ms", "60000"}});
    EXPECT_EQ(m1.beat().heartbeat_interval, Millis(7'000));
    shard.pass(Millis(59'999));
    EXPECT_EQ(m1.beat().error.code, ErrorCode::NONE) << "the broker's own timeout is 45 s";
    set_group_config(shard.image, {});
    EXPECT_EQ(m1.beat().heartbeat_interval, Millis(5'000));
    shard.pass(Millis(45'000));
    EXPECT_EQ(m1.beat().error.code, ErrorCode::UNKNOWN_MEMBER_ID);
}

TEST_F(ConsumerGroups, AGroupHasItsOwnSettingsWithinTheBrokersBounds) {
    set_group_config(shard.image, {{"consumer.heartbeat.interval.ms", "7000"},
                                   {"consumer.session.timeout.ms", "99999999"}});
    auto m1 = client("m1");
    EXPECT_EQ(m1.join().heartbeat_interval, Millis(7'000));
    shard.pass(Millis(59'999));
    EXPECT_EQ(m1.beat().error.code, ErrorCode::NONE);
    shard.pass(Millis(60'000));
    EXPECT_EQ(m1.beat().error.code, ErrorCode::UNKNOWN_MEMBER_ID);
}

TEST_F(ConsumerGroups, PositionsAreStoredInTheNameOfTheMembersEpoch) {
    auto m1 = client("m1");
    m1.join();
    OffsetCommit commit;
    commit.group_id = "g";
    commit.member = {"m1", std::nullopt, 1};
    commit.supports_member_epoch = true;
    commit.topics = {{"a", {}, {{PartitionIndex(0), Offset(5), kNoLeaderEpoch, ""}}}};
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::NONE);
    commit.member.generation = 2;
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::STALE_MEMBER_EPOCH);
    commit.member.member_id = "zz";
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::UNKNOWN_MEMBER_ID);
    commit.member = {"m1", std::nullopt, 1};
    commit.supports_member_epoch = false;
    EXPECT_EQ(shard.now(commit).error.code, ErrorCode::UNSUPPORTED_VERSION);

    OffsetFetch fetch;
    fetch.group_id = "g";
    EXPECT_EQ(shard.now(fetch).topics.size(), 1U) << "an administrator";
    fetch.member_id = "m1";
    fetch.member_epoch = 7;
    EXPECT_EQ(shard.now(fetch).error.code, ErrorCode::STALE_MEMBER_EPOCH);
    fetch.member_epoch = 1;
    EXPECT_EQ(shard.now(fetch).error.code, ErrorCode::NONE);

    EXPECT_EQ(shard.now(DeleteGroup{"g"}).error.code, ErrorCode::NON_EMPTY_GROUP);
    m1.leave();
    EXPECT_EQ(shard.now(DeleteGroup{"g"}).error.code, ErrorCode::NONE);
    EXPECT_EQ(shard.state().group("g"), nullptr);
    EXPECT_EQ(shard.state().offsets.of_group("g"), nullptr);
}

TEST_F(ConsumerGroups, AnEmptyGroupEndsWhenItsPositionsHaveExpired) {
    auto m1 = client("m1");
    m1.join();
    shard.pass(Millis(10'000));
    m1.leave();
    EXPECT_EQ(shard.now(ListGroups{{"empty"}, {"Consumer"}}).groups.size(), 1U);
    shard.pass(Millis(600'000));
    EXPECT_EQ(shard.state().group("g"), nullptr);
}

TEST_F(ConsumerGroups, TheStateIsTheFoldOfTheLogAndAnotherCoordinatorGoesOn) {
    auto m1 = client("m1", {"a", "b"});
    auto m2 = client("m2", {"a"});
    m1.join();
    m2.join();
    m1.beat();
    EXPECT_TRUE(consumer::same_state(group(), *shard.replay().state().consumer("g")));
    shard.fail_over();
    m1.beat();
    m2.beat();
    EXPECT_EQ(m1.owned() | m2.owned(), partitions("a", {0, 1, 2}) | partitions("b", {0, 1}));
    shard.pass(Millis(45'000));
    EXPECT_EQ(state(), "Empty") << "sessions run after a load";
}

}  // namespace
}  // namespace milena::coordinator::group
