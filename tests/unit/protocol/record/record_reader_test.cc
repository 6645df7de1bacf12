#include "protocol/record/record_reader.h"

#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "tests/unit/protocol/record/raw_batch.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

struct ReadBack {
    std::vector<Record> records;
    Status status;
};

ReadBack read_all(ByteView batch) {
    const BatchView view(batch);
    RecordReader reader(view, view.records());
    ReadBack back;
    while (reader.next()) back.records.push_back(reader.record());
    back.status = reader.status();
    EXPECT_FALSE(reader.next()) << "the end stays the end";
    return back;
}

TEST(RecordReader, ShowsOffsetsAndTimestampsOfTheRecords) {
    RawBatch raw;
    raw.base_offset = 1000;
    raw.base_timestamp = 50;
    raw.max_timestamp = 99;
    raw.records = {{.timestamp_delta = 7}, {.timestamp_delta = -60, .offset_delta = 5}};
    auto bytes = raw.encoded();
    auto back = read_all(bytes);
    ASSERT_TRUE(back.status);
    ASSERT_EQ(back.records.size(), 2U);
    EXPECT_EQ(back.records[0].offset, Offset{1000});
    EXPECT_EQ(back.records[0].timestamp, TimestampMs{57});
    EXPECT_EQ(back.records[1].offset, Offset{1005}) << "compaction leaves holes";
    EXPECT_EQ(back.records[1].offset_delta, 5);
    EXPECT_EQ(back.records[1].timestamp, TimestampMs{-10});

    raw.attributes = 0x08;
    bytes = raw.encoded();
    back = read_all(bytes);
    EXPECT_EQ(back.records[0].timestamp, TimestampMs{99}) << "log append time is the batch's";
    EXPECT_EQ(back.records[1].timestamp, TimestampMs{99});
}

TEST(RecordReader, TellsNullFromEmpty) {
    RawBatch raw;
    raw.records = {{.key = std::nullopt, .value = std::nullopt},
                   {.offset_delta = 1, .key = "", .value = ""}};
    const auto bytes = raw.encoded();
    const auto back = read_all(bytes);
    ASSERT_EQ(back.records.size(), 2U);
    EXPECT_TRUE(back.records[0].key.is_null());
    EXPECT_TRUE(back.records[0].value.is_null());
    EXPECT_FALSE(back.records[1].key.is_null());
    EXPECT_FALSE(back.records[1].value.is_null());
}

TEST(RecordReader, WalksHeadersOnDemand) {
    const std::string long_text(300, 'x');
    const RecordHeader headers[] = {{"a", NullableBytes(as_bytes("1"))},
                                    {"", NullableBytes()},
                                    {long_text, NullableBytes(as_bytes(long_text))}};
    BatchBuilder builder;
    builder.add(TimestampMs{1}, {}, {}, headers);
    builder.add(TimestampMs{1}, {}, {});
    const auto back = read_all(builder.finish());
    ASSERT_TRUE(back.status);
    ASSERT_EQ(back.records.size(), 2U);
    EXPECT_EQ(back.records[0].headers.size(), 3U);
    std::size_t i = 0;
    for (const auto& header : back.records[0].headers) {
        ASSERT_LT(i, 3U);
        EXPECT_EQ(header, headers[i++]);
    }
    EXPECT_EQ(i, 3U);
    EXPECT_TRUE(back.records[1].headers.empty());
    EXPECT_EQ(back.records[1].headers.begin(), back.records[1].headers.end());
}

TEST(RecordReader, SaysWhichRecordIsBroken) {
    RawBatch raw;
    raw.base_offset = 70;
    raw.records = {{}, {.offset_delta = 1, .key_length = 9}, {.offset_delta = 2}};
    const auto bytes = raw.encoded();
    const auto back = read_all(bytes);
    EXPECT_EQ(back.records.size(), 1U);
    ASSERT_FALSE(back.status);
    EXPECT_EQ(back.status.error().code, ErrorCode::INVALID_RECORD);
    EXPECT_NE(back.status.error().detail.find("record 1"), std::string::npos);
    EXPECT_NE(back.status.error().detail.find("70"), std::string::npos);
    EXPECT_NE(back.status.error().detail.find("key"), std::string::npos);
}

TEST(RecordReader, CountOfTheHeaderMustBeRight) {
    for (const std::int32_t count : {-1, 0, 2, 4, std::numeric_limits<std::int32_t>::max()}) {
        RawBatch raw;
        raw.record_count = count;
        const auto bytes = raw.encoded();
        EXPECT_FALSE(read_all(bytes).status) << count;
    }
    RawBatch empty;  // compaction keeps the last batch of a producer so
    empty.payload = Bytes();
    empty.record_count = 0;
    const auto bytes = empty.encoded();
    EXPECT_TRUE(read_all(bytes).status);
}

TEST(RecordReader, RefusesAPayloadThatIsCutAnywhere) {
    RawBatch raw;
    raw.records = {{}, {.offset_delta = 1, .key = std::string(100, 'k')}};
    raw.records[1].headers = varint(1) + varint(1) + bytes_of("a") + varint(1) + bytes_of("b");
    const auto bytes = raw.encoded();
    const BatchView batch(bytes);
    for (std::size_t size = 0; size < batch.records().size(); ++size) {
        const Bytes exact(batch.records().begin(),
                          batch.records().begin() + static_cast<std::ptrdiff_t>(size));
        RecordReader reader(batch, exact);
        while (reader.next()) {
        }
        EXPECT_FALSE(reader.status()) << size;
    }
}

TEST(PayloadOf, DecompressesIntoTheBufferOnlyWhatIsCompressed) {
    Codecs codecs;
    Bytes buffer;
    const auto plain = RawBatch{}.encoded();
    const auto as_is = payload_of(BatchView(plain), codecs, buffer, 10);
    ASSERT_TRUE(as_is);
    EXPECT_EQ(as_is->data(), plain.data() + kBatchOverhead);
    EXPECT_TRUE(buffer.empty());
    const auto packed = RawBatch{}.compressed(Codec::lz4).encoded();
    const auto unpacked = payload_of(BatchView(packed), codecs, buffer, 1000);
    ASSERT_TRUE(unpacked);
    EXPECT_EQ(unpacked->data(), buffer.data());
    EXPECT_EQ(buffer, RawBatch{}.plain());
    const auto too_large = payload_of(BatchView(packed), codecs, buffer, 10);
    ASSERT_FALSE(too_large);
    EXPECT_EQ(too_large.error().code, ErrorCode::MESSAGE_TOO_LARGE);
}

}  // namespace
}  // namespace milena::test
