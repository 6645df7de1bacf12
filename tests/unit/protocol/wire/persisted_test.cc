// Records of the metadata log and of the coordinators: the bytes in front of their bodies.
#include "protocol/msg/records/consumer_protocol_subscription.h"
#include "protocol/msg/records/legacy_offset_commit.h"
#include "protocol/msg/records/offset_commit.h"
#include "protocol/wire/metadata_record.h"
#include "protocol/wire/versioned.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(MetadataRecord, HasAFrameOfThreeVarints) {
    msg::TopicRecord topic;
    topic.name = "events";
    topic.topic_id = TopicId{Uuid{1, 2}};
    Bytes bytes;
    ASSERT_TRUE(append_metadata_record(topic, ApiVersion{0}, bytes));
    // frame version 1, type 2, version 0, then the name.
    EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 5), (Bytes{1, 2, 0, 7, 'e'}));
    Arena arena;
    const auto back = decode_metadata_record(bytes, arena);
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(back->version, ApiVersion{0});
    ASSERT_TRUE(std::holds_alternative<msg::TopicRecord>(back->record));
    EXPECT_EQ(std::get<msg::TopicRecord>(back->record), topic);
    Bytes again;
    ASSERT_TRUE(append_metadata_record(back->record, back->version, again));
    EXPECT_EQ(again, bytes);
}

TEST(MetadataRecord, MalformedOnesAreRefused) {
    const std::tuple<std::string, Bytes, ErrorCode> cases[] = {
        {"nothing", {}, ErrorCode::INVALID_RECORD},
        {"frame version 0", {0, 20, 0, 0}, ErrorCode::INVALID_RECORD},
        {"frame version 2", {2, 20, 0, 0}, ErrorCode::INVALID_RECORD},
        {"unknown type", {1, 99, 0, 0}, ErrorCode::UNSUPPORTED_VERSION},
        {"type beyond int16", {1, 0x80, 0x80, 0x04, 0, 0}, ErrorCode::INVALID_RECORD},
        {"version not known", {1, 20, 1, 0}, ErrorCode::UNSUPPORTED_VERSION},
        {"cut", {1, 2, 0, 7, 'e'}, ErrorCode::INVALID_RECORD},
        {"bytes left over", {1, 20, 0, 0, 0}, ErrorCode::INVALID_RECORD},
    };
    for (const auto& [name, bytes, code] : cases) {
        Arena arena;
        const auto record = decode_metadata_record(bytes, arena);
        ASSERT_FALSE(record) << name;
        EXPECT_EQ(record.error().code, code) << name << ": " << record.error().detail;
    }
    Arena arena;
    EXPECT_TRUE(decode_metadata_record(Bytes{1, 20, 0, 0}, arena)) << "NoOpRecord";
}

TEST(MetadataRecord, WhatAVersionCannotExpressLeavesNoBytes) {
    msg::PartitionChangeRecord change;
    change.directories = Array<DirectoryId>();  // since version 1
    Bytes bytes{42};
    EXPECT_FALSE(append_metadata_record(change, ApiVersion{0}, bytes));
    EXPECT_EQ(bytes, Bytes{42});
}

TEST(CoordinatorRecord, KeyBeginsWithItsTypeAndValueWithItsVersion) {
    msg::OffsetCommitKey key;
    key.group = "g";
    key.topic = "t";
    key.partition = PartitionIndex{3};
    Bytes bytes;
    ASSERT_TRUE(append_coordinator_key(key, bytes));
    EXPECT_EQ(bytes, (Bytes{0, 1, 0, 1, 'g', 0, 1, 't', 0, 0, 0, 3}));
    Arena arena;
    EXPECT_EQ(leading_int16(bytes), 1);
    EXPECT_EQ(decode_coordinator_key<msg::OffsetCommitKey>(bytes, arena).value(), key);
    EXPECT_FALSE(decode_coordinator_key<msg::LegacyOffsetCommitKey>(bytes, arena));
    EXPECT_FALSE(leading_int16(Bytes{0}));

    msg::OffsetCommitValue value;
    value.offset = Offset{5};
    value.metadata = "";
    value.commit_timestamp = TimestampMs{6};
    Bytes value_bytes;
    ASSERT_TRUE(append_versioned(value, ApiVersion{3}, value_bytes));
    EXPECT_EQ(leading_int16(value_bytes), 3);
    EXPECT_EQ(decode_versioned<msg::OffsetCommitValue>(value_bytes, arena).value(), value);
    value_bytes[1] = 5;
    const auto newer = decode_versioned<msg::OffsetCommitValue>(value_bytes, arena);
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().code, ErrorCode::UNSUPPORTED_VERSION);
}

TEST(Versioned, ConsumerProtocolOfANewerClientIsReadAsFarAsItIsKnown) {
    msg::ConsumerProtocolSubscription subscription;
    Arena arena;
    subscription.topics = Array<std::string_view>::make(arena, 1);
    subscription.topics[0] = "t";
    Bytes bytes;
    ASSERT_TRUE(append_versioned(subscription, ApiVersion{3}, bytes));
    bytes[1] = 9;
    bytes.push_back(1);  // a field of the future
    using msg::ConsumerProtocolSubscription;
    EXPECT_FALSE(decode_versioned<ConsumerProtocolSubscription>(bytes, arena));
    const auto read = decode_versioned<ConsumerProtocolSubscription>(
        bytes, arena, NewerVersion::kReadAsNewestKnown);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, subscription);
}

}  // namespace
}  // namespace milena
