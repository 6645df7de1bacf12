#include "tools/bench/prebuilt.h"

#include "protocol/record/batch_view.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"

#include <gtest/gtest.h>

namespace milena::bench {
namespace {

Target target(std::size_t name_bytes) {
    return {std::string(name_bytes, 'n'), TopicId(Uuid{3, 4}), PartitionIndex(6)};
}

TEST(Prebuilt, BuildsBatchesOfTheShapeAskedFor) {
    for (const auto codec : {Codec::none, Codec::lz4}) {
        const auto bytes = build_batch({100, 100, codec}, TimestampMs(99));
        ASSERT_TRUE(bytes.has_value());
        const BatchView batch(*bytes);
        EXPECT_TRUE(batch.crc_matches());
        EXPECT_EQ(batch.codec(), codec);
        std::vector<std::uint8_t> buffer;
        Codecs codecs;
        RecordReader reader(batch, payload_of(batch, codecs, buffer, 1 << 20).value());
        int count = 0;
        while (reader.next()) {
            ++count;
            EXPECT_EQ((*reader.record().value).size(), 100u);
            EXPECT_EQ(reader.record().timestamp, TimestampMs(99));
        }
        EXPECT_TRUE(reader.status().has_value());
        EXPECT_EQ(count, 100);
    }
}

TEST(Prebuilt, ProduceRequestsCarryTheBatchInEveryVersion) {
    const auto batch = build_batch({1, 10, Codec::none}, TimestampMs(99)).value();
    for (std::int16_t version = kOldestProduce; version <= msg::ProduceRequest::kMaxVersion;
         ++version) {
        const auto frame =
            produce_frame(target(5), batch, -1, Millis(77), ApiVersion(version), "me").value();
        EXPECT_EQ(load_be<std::int32_t>(frame.data()), static_cast<std::int32_t>(frame.size()) - 4);
        const auto body = ByteView(frame).subspan(4);
        const auto head = decode_request_header(body);
        ASSERT_TRUE(head.has_value());
        Arena arena;
        const auto request = decode_message<msg::ProduceRequest>(
            body.subspan(head->size), ApiVersion(version), arena, kTrustedLimits);
        ASSERT_TRUE(request.has_value()) << version;
        EXPECT_EQ(request->acks, -1);
        EXPECT_EQ(request->topic_data[0].partition_data[0].index, PartitionIndex(6));
        EXPECT_EQ(request->topic_data[0].partition_data[0].records, Records(ByteView(batch)));
    }
}

TEST(Prebuilt, ReadsProduceAnswersOfEveryVersion) {
    using Response = msg::ProduceResponse;
    for (const std::size_t name : {1u, 126u, 127u, 249u}) {
        for (std::int16_t version = kOldestProduce; version <= Response::kMaxVersion; ++version) {
            Response::PartitionProduceResponse partition;
            partition.index = PartitionIndex(6);
            partition.error_code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            partition.base_offset = Offset(123456789);
            Response::TopicProduceResponse topic;
            const auto to = target(name);
            topic.name = to.topic;
            topic.topic_id = to.id;
            topic.partition_responses = Array<Response::PartitionProduceResponse>(&partition, 1);
            Response response;
            response.responses = Array<Response::TopicProduceResponse>(&topic, 1);
            const auto frame =
                encode_response(CorrelationId(42), ApiVersion(version), response).value();
            const auto outcome =
                read_produce_answer(ByteView(frame.bytes).subspan(4), to, ApiVersion(version));
            ASSERT_TRUE(outcome.has_value());
            EXPECT_EQ(outcome->correlation_id, 42);
            EXPECT_EQ(outcome->error, ErrorCode::NOT_LEADER_OR_FOLLOWER) << version;
            EXPECT_EQ(outcome->base_offset, Offset(123456789)) << version;
        }
    }
    EXPECT_FALSE(read_produce_answer(Frame(20), target(5), ApiVersion(kOldestProduce)).has_value());
}

TEST(Prebuilt, FetchRequestsAskFromTheOffsetThatIsSet) {
    for (std::int16_t version = kOldestFetch; version <= msg::FetchRequest::kMaxVersion;
         ++version) {
        auto frame = fetch_frame(target(5), {}, ApiVersion(version), "me").value();
        set_fetch_offset(frame, Offset(987654321));
        const auto body = ByteView(frame.bytes).subspan(4);
        const auto head = decode_request_header(body);
        ASSERT_TRUE(head.has_value());
        Arena arena;
        const auto request = decode_message<msg::FetchRequest>(
            body.subspan(head->size), ApiVersion(version), arena, kTrustedLimits);
        ASSERT_TRUE(request.has_value()) << version;
        EXPECT_EQ(request->topics[0].partitions[0].fetch_offset, Offset(987654321));
        EXPECT_EQ(request->topics[0].partitions[0].partition, PartitionIndex(6));
    }
}

TEST(Prebuilt, ReadsTheHeadOfFetchAnswersOfEveryVersion) {
    using Response = msg::FetchResponse;
    const auto batch = build_batch({1, 1000, Codec::none}, TimestampMs(99)).value();
    for (std::int16_t version = kOldestFetch; version <= Response::kMaxVersion; ++version) {
        Response::PartitionData partition;
        partition.partition_index = PartitionIndex(6);
        partition.high_watermark = Offset(55);
        partition.log_start_offset = Offset(5);
        partition.aborted_transactions = Array<Response::AbortedTransaction>::null();
        partition.records = Records(ByteView(batch));
        Response::FetchableTopicResponse topic;
        topic.topic = "nnnnn";
        topic.topic_id = target(5).id;
        topic.partitions = Array<Response::PartitionData>(&partition, 1);
        Response response;
        response.responses = Array<Response::FetchableTopicResponse>(&topic, 1);
        const auto frame =
            encode_response(CorrelationId(42), ApiVersion(version), response).value();
        // Only the head is there.
        const auto head = ByteView(frame.bytes).subspan(4, 150);
        const auto outcome = read_fetch_answer(head, ApiVersion(version));
        ASSERT_TRUE(outcome.has_value()) << version << ": " << outcome.error().detail;
        EXPECT_EQ(outcome->correlation_id, 42);
        EXPECT_EQ(outcome->error, ErrorCode::NONE);
        EXPECT_EQ(outcome->high_watermark, Offset(55));
        EXPECT_EQ(outcome->log_start_offset, Offset(5));
        EXPECT_EQ(outcome->records_bytes, batch.size());
        EXPECT_EQ(load_be<std::int32_t>(head.data() + outcome->records_at + batch_layout::kLength),
                  static_cast<std::int32_t>(batch.size()) - 12);
    }
}

}  // namespace
}  // namespace milena::bench
