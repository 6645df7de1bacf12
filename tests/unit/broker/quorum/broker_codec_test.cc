#include "broker/quorum/broker_codec.h"

#include "protocol/wire/frame.h"

#include <gtest/gtest.h>

namespace milena::quorum {
namespace {

// What comes out at the other end, through the bytes of the newest version.
template <class Message>
auto received(const Message& message) {
    const ApiVersion version(Message::kMaxVersion);
    const auto bytes = encode_message(message, version);
    EXPECT_TRUE(bytes) << bytes.error().detail;
    Arena arena;
    const auto read = decode_message<Message>(*bytes, version, arena);
    EXPECT_TRUE(read) << read.error().detail;
    return from_message(*read);
}

const std::vector<metadata::Endpoint> kEndpoints{
    {"PLAINTEXT", "host", 9092, metadata::SecurityProtocol::plaintext},
    {"INSIDE", "other", 9093, metadata::SecurityProtocol::ssl}};

TEST(BrokerCodec, ARegistrationGoesThere) {
    metadata::RegisterBroker request;
    request.id = BrokerId(3);
    request.cluster_id = "cluster";
    request.incarnation = Uuid{1, 2};
    request.endpoints = kEndpoints;
    request.features = {{"metadata.version", 1, 27}};
    request.rack = "rack";
    request.log_dirs = {DirectoryId(Uuid{5, 6}), DirectoryId(Uuid{7, 8})};
    request.previous_epoch = BrokerEpoch(44);
    Arena arena;
    const auto back = received(to_message(request, arena));
    EXPECT_EQ(back.id, request.id);
    EXPECT_EQ(back.cluster_id, request.cluster_id);
    EXPECT_EQ(back.incarnation, request.incarnation);
    EXPECT_EQ(back.endpoints, request.endpoints);
    ASSERT_EQ(back.features.size(), 1U);
    EXPECT_EQ(back.features[0].max, 27);
    EXPECT_EQ(back.rack, request.rack);
    EXPECT_EQ(back.log_dirs, request.log_dirs);
    EXPECT_EQ(back.previous_epoch, request.previous_epoch);
    EXPECT_FALSE(back.is_local);

    request.rack.reset();
    EXPECT_EQ(received(to_message(request, arena)).rack, std::nullopt);
}

TEST(BrokerCodec, TheAnswerToARegistrationComesBack) {
    const auto back =
        received(to_message(metadata::RegisterBroker::Reply{metadata::success(), BrokerEpoch(17)}));
    EXPECT_EQ(back.error.code, ErrorCode::NONE);
    EXPECT_EQ(back.epoch, BrokerEpoch(17));
}

TEST(BrokerCodec, AHeartbeatTellsTheLastOffsetAndNotTheEnd) {
    metadata::BrokerHeartbeat request;
    request.id = BrokerId(3);
    request.epoch = BrokerEpoch(17);
    request.metadata_end = Offset(100);
    request.want_shut_down = true;
    request.offline_dirs = {DirectoryId(Uuid{5, 6})};
    Arena arena;
    const auto message = to_message(request, arena);
    EXPECT_EQ(message.current_metadata_offset, Offset(99));
    const auto back = received(message);
    EXPECT_EQ(back.id, request.id);
    EXPECT_EQ(back.epoch, request.epoch);
    EXPECT_EQ(back.metadata_end, request.metadata_end);
    EXPECT_FALSE(back.want_fence);
    EXPECT_TRUE(back.want_shut_down);
    EXPECT_EQ(back.offline_dirs, request.offline_dirs);
}

TEST(BrokerCodec, TheAnswerToAHeartbeatComesBack) {
    const auto back = received(to_message(metadata::BrokerHeartbeat::Reply{
        {ErrorCode::STALE_BROKER_EPOCH, "not sent"}, true, false, true}));
    EXPECT_EQ(back.error.code, ErrorCode::STALE_BROKER_EPOCH);
    EXPECT_TRUE(back.is_caught_up);
    EXPECT_FALSE(back.is_fenced);
    EXPECT_TRUE(back.should_shut_down);
}

TEST(BrokerCodec, AControllerRegisters) {
    metadata::RegisterController request;
    request.id = BrokerId(2);
    request.incarnation = Uuid{3, 4};
    request.endpoints = kEndpoints;
    request.features = {{"kraft.version", 0, 1}};
    Arena arena;
    const auto back = received(to_message(request, arena));
    EXPECT_EQ(back.id, request.id);
    EXPECT_EQ(back.incarnation, request.incarnation);
    EXPECT_EQ(back.endpoints, request.endpoints);
    EXPECT_EQ(back.features.size(), 1U);
    const auto refused = received(to_message(
        metadata::RegisterController::Reply{{ErrorCode::UNSUPPORTED_VERSION, "too old"}}));
    EXPECT_EQ(refused.error.code, ErrorCode::UNSUPPORTED_VERSION);
    EXPECT_EQ(refused.error.detail, "too old");
}

TEST(BrokerCodec, ProducerIdsAreAllocated) {
    Arena arena;
    const auto asked =
        received(to_message(metadata::AllocateProducerIds{BrokerId(2), BrokerEpoch(9)}, arena));
    EXPECT_EQ(asked.broker, BrokerId(2));
    EXPECT_EQ(asked.broker_epoch, BrokerEpoch(9));
    const auto given = received(to_message(
        metadata::AllocateProducerIds::Reply{metadata::success(), ProducerId(3000), 1000}));
    EXPECT_EQ(given.first, ProducerId(3000));
    EXPECT_EQ(given.count, 1000);
}

TEST(BrokerCodec, TopicsAreAskedForWithAllThatDecidesOfThem) {
    metadata::CreateTopics request;
    request.topics = {{"placed", 3, 2, {}, {{"cleanup.policy", "compact"}, {"x", std::nullopt}}},
                      {"assigned", -1, -1, {{PartitionIndex(0), {BrokerId(1), BrokerId(2)}}}, {}}};
    Arena arena;
    const auto message = to_message(request, arena);
    ASSERT_EQ(message.topics.size(), 2U);
    EXPECT_EQ(message.topics[0].name, "placed");
    EXPECT_EQ(message.topics[0].num_partitions, 3);
    EXPECT_EQ(message.topics[0].replication_factor, 2);
    ASSERT_EQ(message.topics[0].configs.size(), 2U);
    EXPECT_EQ(message.topics[0].configs[0].value.value_or_empty(), "compact");
    EXPECT_TRUE(message.topics[0].configs[1].value.is_null());
    ASSERT_EQ(message.topics[1].assignments.size(), 1U);
    EXPECT_EQ(message.topics[1].assignments[0].broker_ids[1], BrokerId(2));
}

}  // namespace
}  // namespace milena::quorum
