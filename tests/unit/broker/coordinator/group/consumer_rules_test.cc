// Rules of consumer groups that hold whatever the group does: switches, old records, policies.
#include "broker/coordinator/group/consumer/records.h"
#include "protocol/msg/records/consumer_group_partition_metadata.h"
#include "protocol/wire/versioned.h"
#include "tests/unit/broker/coordinator/group/classic_client.h"
#include "tests/unit/broker/coordinator/group/consumer_members.h"

#include <gtest/gtest.h>

namespace milena::coordinator::group {
namespace {

Blob blob(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(ConsumerGroupRules, NobodyJoinsWhereTheProtocolIsOff) {
    Settings settings;
    settings.serves_consumer_protocol = false;
    TestShard shard(settings);
    set_topic(shard.image, "t", 1);
    ConsumerClient m{shard, "g", "m", {"t"}};
    EXPECT_EQ(m.join().error.code, ErrorCode::UNSUPPORTED_VERSION);
    EXPECT_TRUE(shard.log.empty());
}

TEST(ConsumerGroupRules, TheMetadataThatAnOlderKafkaWroteGoesWithTheNextEpoch) {
    TestShard shard;
    set_topic(shard.image, "t", 1);
    ConsumerClient m{shard, "g", "m", {"t"}};
    m.join();
    KeyedRecords removal;
    consumer::add_partition_metadata_removal(removal, "g");
    Blob value;
    ASSERT_TRUE(append_versioned(msg::ConsumerGroupPartitionMetadataValue{}, ApiVersion(0), value));
    const auto key = blob(removal[0].key);
    shard.log.push_back({key, value, {}, std::nullopt});
    shard.fail_over();
    ASSERT_TRUE(shard.state().consumer("g")->has_partition_metadata);
    m.beat();
    EXPECT_TRUE(shard.state().consumer("g")->has_partition_metadata) << "nothing has changed";

    set_topic(shard.image, "t", 2);
    m.beat();
    EXPECT_EQ(m.owned().size(), 2U);
    EXPECT_FALSE(shard.state().consumer("g")->has_partition_metadata);
    const auto is_removal = [&](const auto& entry) { return entry.key == key && !entry.value; };
    EXPECT_TRUE(std::ranges::any_of(shard.log, is_removal));
    EXPECT_FALSE(shard.replay().state().consumer("g")->has_partition_metadata);
}

TEST(ConsumerGroupRules, AGroupKeepsItsProtocolWhereThePolicySaysSo) {
    Settings settings;
    settings.migration_policy = MigrationPolicy::disabled;
    TestShard shard(settings);
    set_topic(shard.image, "t", 2);
    const auto ids = joined_group(shard, "classic", 1);
    ConsumerClient late{shard, "classic", "m", {"t"}};
    EXPECT_EQ(late.join().error.code, ErrorCode::GROUP_ID_NOT_FOUND);

    ConsumerClient m{shard, "consumers", "m", {"t"}};
    m.join();
    ClassicClient c{shard, "consumers", {"t"}};
    EXPECT_EQ(c.join(), ErrorCode::NONE) << "it may take part";
    m.leave();
    EXPECT_NE(shard.state().consumer("consumers"), nullptr) << "but the group stays what it is";
}

TEST(ConsumerGroupRules, AGroupWithoutANameIsNotDescribed) {
    TestShard shard;
    EXPECT_EQ(shard.now(ConsumerGroupDescribe{""}).error.code, ErrorCode::INVALID_GROUP_ID);
    EXPECT_EQ(shard.now(ConsumerGroupDescribe{"g"}).error.code, ErrorCode::GROUP_ID_NOT_FOUND);
}

TEST(ConsumerGroupRules, AMembersIdComesBeforeItsMetadataIsRead) {
    TestShard shard;
    set_topic(shard.image, "t", 1);
    ConsumerClient m{shard, "g", "m", {"t"}};
    m.join();
    auto join = join_request("g");
    join.protocols = {{"range", {}}};
    join.requires_known_member_id = true;
    const auto first = shard.now(join);
    EXPECT_EQ(first.error.code, ErrorCode::MEMBER_ID_REQUIRED);
    join.member_id = first.member_id;
    EXPECT_EQ(shard.now(join).error.code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
}

}  // namespace
}  // namespace milena::coordinator::group
