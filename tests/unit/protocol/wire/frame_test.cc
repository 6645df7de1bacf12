#include "protocol/wire/frame.h"

#include "protocol/msg/api_versions.h"
#include "protocol/msg/fetch.h"
#include "protocol/msg/metadata.h"
#include "protocol/msg/produce.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

using namespace std::chrono_literals;

msg::ProduceRequest produce_request(Arena& arena, ByteView records) {
    msg::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30s;
    using Topic = msg::ProduceRequest::TopicProduceData;
    using Partition = msg::ProduceRequest::PartitionProduceData;
    request.topic_data = Array<Topic>::make(arena, 1);
    request.topic_data[0].name = "events";
    request.topic_data[0].partition_data = Array<Partition>::make(arena, 2);
    for (int i = 0; i < 2; ++i) {
        request.topic_data[0].partition_data[i] = {PartitionIndex{i}, Records(records)};
    }
    return request;
}

TEST(Frame, RequestComesBackAsItWasWritten) {
    const std::vector<std::uint8_t> records(100, 0x5a);
    for (std::int16_t v = 3; v <= 12; ++v) {
        Arena arena;
        const auto request = produce_request(arena, records);
        const auto out = encode_request(CorrelationId{7}, ApiVersion{v}, "me", request);
        ASSERT_TRUE(out) << out.error().detail;
        const auto size = load_be<std::int32_t>(out->bytes.data());
        ASSERT_EQ(out->bytes.size(), 4U + static_cast<std::size_t>(size));

        const auto frame = ByteView(out->bytes).subspan(4);
        const auto head = decode_request_header(frame);
        ASSERT_TRUE(head) << head.error().detail;
        EXPECT_EQ(head->api->key, ApiKey::Produce);
        EXPECT_EQ(head->version, ApiVersion{v});
        EXPECT_EQ(head->correlation_id, CorrelationId{7});
        EXPECT_EQ(head->client_id, NullableString("me"));
        const auto back =
            decode_message<msg::ProduceRequest>(frame.subspan(head->size), head->version, arena);
        ASSERT_TRUE(back) << back.error().detail;
        EXPECT_EQ(*back, request) << "version " << v;
    }
}

TEST(Frame, ResponseToApiVersionsHasTheOldHeaderInEveryVersion) {
    for (std::int16_t v = 0; v <= 4; ++v) {
        const auto out =
            encode_response(CorrelationId{5}, ApiVersion{v}, msg::ApiVersionsResponse{});
        ASSERT_TRUE(out);
        const auto head = decode_response_header(ByteView(out->bytes).subspan(4),
                                                 ApiKey::ApiVersions, ApiVersion{v});
        ASSERT_TRUE(head);
        EXPECT_EQ(head->correlation_id, CorrelationId{5});
        EXPECT_EQ(head->size, 4U);
    }
}

class Blob final : public SliceSource {
  public:
    int native_handle() const override { return -1; }
    std::int64_t read_some(std::uint64_t, MutableBytes) const override { return 0; }
};

TEST(Frame, RangesOfFilesAreSplicedBetweenTheBytes) {
    const auto blob = std::make_shared<Blob>();
    Arena arena;
    msg::FetchResponse response;
    using Topic = msg::FetchResponse::FetchableTopicResponse;
    response.responses = Array<Topic>::make(arena, 1);
    response.responses[0].topic_id = TopicId{Uuid{1, 2}};
    response.responses[0].partitions = Array<msg::FetchResponse::PartitionData>::make(arena, 2);
    response.responses[0].partitions[0].records = Records(*blob, 4096, 1000);
    response.responses[0].partitions[1].records = Records(*blob, 9000, 24);

    const auto out = encode_response(CorrelationId{1}, ApiVersion{16}, response);
    ASSERT_TRUE(out);
    ASSERT_EQ(out->splices.size(), 2U);
    EXPECT_EQ(out->splices[0].slice.source, blob);
    EXPECT_EQ(out->splices[0].slice.position, 4096U);
    EXPECT_EQ(out->splices[1].slice.length, 24U);
    EXPECT_EQ(load_be<std::int32_t>(out->bytes.data()), static_cast<std::int32_t>(out->size() - 4));

    // With the ranges filled in, it reads as a response that had them in memory.
    std::vector<std::uint8_t> whole(out->bytes.begin() + 4, out->bytes.end());
    for (std::size_t i = out->splices.size(); i-- > 0;) {
        const auto& splice = out->splices[i];
        whole.insert(whole.begin() + static_cast<std::ptrdiff_t>(splice.at) - 4,
                     splice.slice.length, static_cast<std::uint8_t>(i + 1));
    }
    const auto head = decode_response_header(whole, ApiKey::Fetch, ApiVersion{16});
    ASSERT_TRUE(head);
    const auto back = decode_message<msg::FetchResponse>(ByteView(whole).subspan(head->size),
                                                         ApiVersion{16}, arena);
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(back->responses[0].partitions[0].records,
              Records(std::vector<std::uint8_t>(1000, 1)));
    EXPECT_EQ(back->responses[0].partitions[1].records, Records(std::vector<std::uint8_t>(24, 2)));
}

TEST(Frame, FieldThatTheVersionLacksIsRefusedUnlessItMayBeDropped) {
    msg::FetchResponse response;
    Arena arena;
    response.error_code = ErrorCode::FETCH_SESSION_ID_NOT_FOUND;
    EXPECT_TRUE(encode_response(CorrelationId{1}, ApiVersion{4}, response));
    response.session_id = FetchSessionId{5};
    const auto out = encode_response(CorrelationId{1}, ApiVersion{4}, response);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, ErrorCode::UNSUPPORTED_VERSION);
    EXPECT_NE(out.error().detail.find("session_id"), std::string::npos) << out.error().detail;
    EXPECT_TRUE(encode_response(CorrelationId{1}, ApiVersion{7}, response));
}

TEST(Frame, NullWhereTheVersionForbidsItIsRefused) {
    msg::MetadataRequest request;
    request.topics = Array<msg::MetadataRequest::MetadataRequestTopic>::null();
    EXPECT_FALSE(encode_request(CorrelationId{1}, ApiVersion{0}, {}, request));
    EXPECT_TRUE(encode_request(CorrelationId{1}, ApiVersion{1}, {}, request));
}

}  // namespace
}  // namespace milena
