#include "broker/quorum/partition_codec.h"

#include "protocol/wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milena::quorum {
namespace {

using ::testing::ElementsAre;

// Through the bytes of a version and back.
template <class Message>
Message over_the_wire(const Message& message, ApiVersion version, Arena& arena) {
    const auto size = encoded_size(message, version);
    const MutableBytes bytes(static_cast<std::uint8_t*>(arena.allocate(size, 1)), size);
    Writer writer(bytes);
    encode(writer, version, message);
    EXPECT_TRUE(writer.ok()) << writer.error(Message::kName).detail;
    const auto read = decode_message<Message>(bytes, version, arena);
    EXPECT_TRUE(read) << read.error().detail;
    return *read;
}

const TopicId kTopic(Uuid{1, 2});
const TopicId kOther(Uuid{3, 4});

metadata::AlterPartition proposal() {
    metadata::AlterPartition request;
    request.broker = BrokerId(3);
    request.broker_epoch = BrokerEpoch(77);
    metadata::AlterPartition::Partition partition;
    partition.index = PartitionIndex(5);
    partition.leader_epoch = LeaderEpoch(6);
    partition.partition_epoch = PartitionEpoch(7);
    partition.isr = {{BrokerId(3), BrokerEpoch(77)}, {BrokerId(1), BrokerEpoch(70)}};
    request.topics = {{kTopic, {partition}}, {kOther, {}}};
    return request;
}

TEST(PartitionCodec, AProposalArrivesWithTheEpochsOfItsMembers) {
    Arena arena;
    const auto back =
        from_message(over_the_wire(to_message(proposal(), arena), ApiVersion(3), arena));
    EXPECT_EQ(back.broker, BrokerId(3));
    EXPECT_EQ(back.broker_epoch, BrokerEpoch(77));
    ASSERT_EQ(back.topics.size(), 2U);
    EXPECT_EQ(back.topics[0].id, kTopic);
    ASSERT_EQ(back.topics[0].partitions.size(), 1U);
    const auto& partition = back.topics[0].partitions[0];
    EXPECT_EQ(partition.index, PartitionIndex(5));
    EXPECT_EQ(partition.leader_epoch, LeaderEpoch(6));
    EXPECT_EQ(partition.partition_epoch, PartitionEpoch(7));
    ASSERT_EQ(partition.isr.size(), 2U);
    EXPECT_EQ(partition.isr[1].id, BrokerId(1));
    EXPECT_EQ(partition.isr[1].epoch, BrokerEpoch(70));
}

TEST(PartitionCodec, AnOlderProposalHasNoEpochsToCheck) {
    Arena arena;
    auto message = to_message(proposal(), arena);
    auto& partition = message.topics[0].partitions[0];
    partition.new_isr = Array<BrokerId>::make(arena, 2);
    partition.new_isr[0] = BrokerId(3);
    partition.new_isr[1] = BrokerId(1);
    partition.new_isr_with_epochs = {};
    const auto back = from_message(over_the_wire(message, ApiVersion(2), arena));
    const auto& isr = back.topics.at(0).partitions.at(0).isr;
    ASSERT_EQ(isr.size(), 2U);
    EXPECT_EQ(isr[0].id, BrokerId(3));
    EXPECT_EQ(isr[0].epoch, BrokerEpoch(-1));
}

TEST(PartitionCodec, WhatStandsNowComesBackForEachPartition) {
    metadata::AlterPartition::Reply reply{{ErrorCode::NONE, {}}, {}};
    metadata::AlterPartition::Reply::Partition good;
    good.index = PartitionIndex(1);
    good.error = {ErrorCode::NONE, {}};
    good.leader = BrokerId(2);
    good.leader_epoch = LeaderEpoch(8);
    good.isr = {BrokerId(2), BrokerId(3)};
    good.partition_epoch = PartitionEpoch(9);
    metadata::AlterPartition::Reply::Partition bad;
    bad.index = PartitionIndex(2);
    bad.error = {ErrorCode::FENCED_LEADER_EPOCH, "another leader"};
    reply.topics = {{kTopic, {good, bad}}};

    Arena arena;
    const auto back = from_message(over_the_wire(to_message(reply, arena), ApiVersion(3), arena));
    EXPECT_EQ(back.error.code, ErrorCode::NONE);
    ASSERT_EQ(back.topics.size(), 1U);
    ASSERT_EQ(back.topics[0].partitions.size(), 2U);
    const auto& first = back.topics[0].partitions[0];
    EXPECT_EQ(first.leader, BrokerId(2));
    EXPECT_EQ(first.leader_epoch, LeaderEpoch(8));
    EXPECT_THAT(first.isr, ElementsAre(BrokerId(2), BrokerId(3)));
    EXPECT_EQ(first.partition_epoch, PartitionEpoch(9));
    EXPECT_EQ(back.topics[0].partitions[1].error.code, ErrorCode::FENCED_LEADER_EPOCH);
}

TEST(PartitionCodec, DirectoriesGoThereAndTheirErrorsBack) {
    metadata::AssignReplicasToDirs request{BrokerId(4), BrokerEpoch(5), {}};
    request.directories = {
        {DirectoryId(Uuid{7, 1}), {{kTopic, {PartitionIndex(0), PartitionIndex(2)}}}},
        {DirectoryId(Uuid{7, 2}), {{kTopic, {PartitionIndex(1)}}, {kOther, {PartitionIndex(0)}}}}};
    Arena arena;
    const auto there =
        from_message(over_the_wire(to_message(request, arena), ApiVersion(0), arena));
    EXPECT_EQ(there.broker, BrokerId(4));
    EXPECT_EQ(there.broker_epoch, BrokerEpoch(5));
    ASSERT_EQ(there.directories.size(), 2U);
    EXPECT_EQ(there.directories[1].id, DirectoryId(Uuid{7, 2}));
    EXPECT_EQ(there.directories[1].topics.at(1).id, kOther);
    EXPECT_THAT(there.directories[0].topics.at(0).partitions,
                ElementsAre(PartitionIndex(0), PartitionIndex(2)));

    metadata::AssignReplicasToDirs::Reply reply{{ErrorCode::NONE, {}}, {}};
    reply.partitions = {{{ErrorCode::NONE, ErrorCode::NOT_LEADER_OR_FOLLOWER}},
                        {{ErrorCode::NONE}, {ErrorCode::UNKNOWN_TOPIC_ID}}};
    const auto message = over_the_wire(to_message(reply, request, arena), ApiVersion(0), arena);
    EXPECT_EQ(message.directories[1].topics[1].topic_id, kOther);
    EXPECT_EQ(from_message(message).partitions, reply.partitions);

    reply.error = {ErrorCode::STALE_BROKER_EPOCH, "a past life"};
    reply.partitions.clear();
    EXPECT_EQ(to_message(reply, request, arena).error_code, ErrorCode::STALE_BROKER_EPOCH);
}

}  // namespace
}  // namespace milena::quorum
