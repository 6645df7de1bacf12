// What a broker answers to every kind of batch. Unless a row says otherwise Kafka 4.2 gives the
// same answer: the real broker was asked. Where it differs, its own stands behind the row.
#include "protocol/record/batch_check.h"

#include "protocol/record/compress.h"
#include "protocol/record/record_reader.h"
#include "tests/unit/protocol/record/raw_batch.h"

#include <algorithm>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

constexpr std::int64_t kNow = 1'000'000'000;
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kMin64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t kMax32 = std::numeric_limits<std::int32_t>::max();

struct Checker {
    BatchRules rules;
    BatchContext context{TimestampMs{kNow}, ApiVersion{13}};
    Codecs codecs;
    Bytes rebuilt;
    Bytes bytes;  // of the last batch that was checked

    std::expected<CheckedBatch, BatchRejection> operator()(Bytes batch) {
        bytes = std::move(batch);
        return check_batch(bytes, rules, context, codecs, rebuilt);
    }
    ErrorCode code(Bytes batch) {
        const auto checked = (*this)(std::move(batch));
        if (checked) return ErrorCode::NONE;
        EXPECT_FALSE(checked.error().error.detail.empty());
        return checked.error().error.code;
    }
};

RawBatch with(const std::function<void(RawBatch&)>& change) {
    RawBatch batch;
    change(batch);
    return batch;
}
RawBatch holding(std::vector<RawRecord> records) {
    return with([&](RawBatch& b) { b.records = std::move(records); });
}
RawBatch with_record(const std::function<void(RawRecord&)>& change) {
    RawRecord record;
    change(record);
    return holding({record});
}
RawBatch with_payload(Bytes payload, std::int32_t count) {
    return with([&](RawBatch& b) {
        b.payload = std::move(payload);
        b.make = count;
    });
}
Bytes first(const Bytes& bytes, std::size_t size) {
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

struct Row {
    const char* what;
    Bytes records;
    ErrorCode answer;
};

void expect_answers(const std::vector<Row>& table) {
    for (const auto& row : table) {
        SCOPED_TRACE(row.what);
        Checker check;
        EXPECT_EQ(error_name(check.code(row.records)), error_name(row.answer));
        // Whatever it is, never a look behind the end: the sanitizer sees an exact allocation.
        const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[row.records.size()]);
        std::ranges::copy(row.records, exact.get());
        std::ignore = check_batch({exact.get(), row.records.size()}, check.rules, check.context,
                                  check.codecs, check.rebuilt);
    }
}

TEST(BatchCheck, TakesASoundBatchAsItIs) {
    Checker check;
    const auto batch = RawBatch{}.encoded();
    const auto checked = check(batch);
    ASSERT_TRUE(checked) << checked.error().error.detail;
    EXPECT_EQ(checked->place, CheckedBatch::Place::request);
    EXPECT_EQ(checked->bytes.data(), check.bytes.data());
    EXPECT_EQ(check.bytes, batch);
    EXPECT_EQ(checked->log_append_time, kNoTimestamp);
    EXPECT_EQ(checked->trimmed, 0U);
    EXPECT_EQ(checked->view().last_offset_delta(), 2);
    EXPECT_EQ(checked->view().max_timestamp(), TimestampMs{1'000'000});
}

TEST(BatchCheck, HoldsTheRecordsFieldToOneWholeBatch) {
    const auto batch = RawBatch{}.encoded();
    auto tiny = first(batch, 26);
    store_be(tiny.data() + batch_layout::kLength, std::int32_t{14});
    auto short_header = first(batch, 60);
    store_be(short_header.data() + batch_layout::kLength, std::int32_t{48});
    const auto of_magic = [](std::int8_t magic) {
        return with([&](RawBatch& b) { b.magic = magic; }).encoded();
    };
    const auto of_length = [](std::int32_t length) {
        return with([&](RawBatch& b) { b.length = length; }).encoded();
    };
    expect_answers({
        {"nothing", {}, ErrorCode::INVALID_RECORD},
        {"11 bytes", first(batch, 11), ErrorCode::INVALID_RECORD},
        {"16 bytes", first(batch, 16), ErrorCode::INVALID_RECORD},
        {"17 bytes", first(batch, 17), ErrorCode::INVALID_RECORD},
        {"a header but for a byte", first(batch, 60), ErrorCode::INVALID_RECORD},
        {"a batch but for a byte", first(batch, batch.size() - 1), ErrorCode::INVALID_RECORD},
        {"two batches", batch + batch, ErrorCode::INVALID_RECORD},
        {"a cut batch behind", batch + first(batch, 50), ErrorCode::NONE},
        {"a few bytes behind", batch + Bytes{1, 2, 3}, ErrorCode::NONE},
        {"zeros behind", batch + Bytes(20), ErrorCode::CORRUPT_MESSAGE},
        {"ones behind", batch + Bytes(20, 0xff), ErrorCode::CORRUPT_MESSAGE},
        {"an old batch behind", batch + of_magic(1), ErrorCode::INVALID_RECORD},
        {"magic 0", of_magic(0), ErrorCode::INVALID_RECORD},
        {"magic 1", of_magic(1), ErrorCode::INVALID_RECORD},
        {"magic 3", of_magic(3), ErrorCode::CORRUPT_MESSAGE},
        {"magic 127", of_magic(127), ErrorCode::CORRUPT_MESSAGE},
        {"magic -1", of_magic(-1), ErrorCode::CORRUPT_MESSAGE},
        {"length -1", of_length(-1), ErrorCode::CORRUPT_MESSAGE},
        {"length 0", of_length(0), ErrorCode::CORRUPT_MESSAGE},
        {"length 13", of_length(13), ErrorCode::CORRUPT_MESSAGE},
        {"length 14", of_length(14), ErrorCode::CORRUPT_MESSAGE},
        {"length 48", of_length(48), ErrorCode::CORRUPT_MESSAGE},
        {"length 49", of_length(49), ErrorCode::CORRUPT_MESSAGE},
        {"length beyond the field", of_length(1000), ErrorCode::INVALID_RECORD},
        {"length 2^31-1", of_length(kMax32), ErrorCode::INVALID_RECORD},  // UNKNOWN_SERVER_ERROR
        {"length 14, all there", tiny, ErrorCode::CORRUPT_MESSAGE},       // UNKNOWN_SERVER_ERROR
        {"length 48, all there", short_header, ErrorCode::CORRUPT_MESSAGE},
    });
}

TEST(BatchCheck, HoldsTheHeaderToItsRules) {
    const auto row = [](const char* what, const std::function<void(RawBatch&)>& change,
                        ErrorCode answer) { return Row{what, with(change).encoded(), answer}; };
    const auto count = [](std::int32_t n, std::int32_t last) {
        return [=](RawBatch& b) {
            b.record_count = n;
            b.last_offset_delta = last;
        };
    };
    const auto producer = [](std::int64_t id, std::int16_t epoch, std::int32_t sequence,
                             std::int32_t attributes = 0) {
        return [=](RawBatch& b) {
            b.producer_id = id;
            b.producer_epoch = epoch;
            b.base_sequence = sequence;
            b.attributes = attributes;
        };
    };
    const auto attributes = [](std::int32_t bits) {
        return [=](RawBatch& b) { b.attributes = bits; };
    };
    expect_answers({
        row(
            "a wrong CRC", [](RawBatch& b) { b.crc = 1; }, ErrorCode::CORRUPT_MESSAGE),
        row(
            "base offset 5", [](RawBatch& b) { b.base_offset = 5; }, ErrorCode::INVALID_RECORD),
        row(
            "base offset -1", [](RawBatch& b) { b.base_offset = -1; }, ErrorCode::INVALID_RECORD),
        row(
            "a leader epoch", [](RawBatch& b) { b.leader_epoch = 77; }, ErrorCode::NONE),
        row("count 3, last delta 3", count(3, 3), ErrorCode::INVALID_RECORD),
        row("count 3, last delta 1", count(3, 1), ErrorCode::INVALID_RECORD),
        row("count 3, last delta -1", count(3, -1), ErrorCode::INVALID_RECORD),
        row("count 0, last delta -1", count(0, -1), ErrorCode::INVALID_RECORD),
        row("count 0", count(0, 2), ErrorCode::INVALID_RECORD),
        row("count -1", count(-1, 2), ErrorCode::INVALID_RECORD),
        row("count -1, last delta -2", count(-1, -2), ErrorCode::INVALID_RECORD),
        row("count 2^31-1", count(kMax32, 2), ErrorCode::INVALID_RECORD),
        row("count and last delta huge", count(kMax32, kMax32 - 1), ErrorCode::INVALID_RECORD),
        row("control bit", attributes(0x20), ErrorCode::INVALID_RECORD),
        row("a transaction marker", producer(9, 0, -1, 0x30), ErrorCode::INVALID_RECORD),
        row("transactional, no producer", attributes(0x10),
            ErrorCode::INVALID_RECORD),  // NONE, given a transactional id
        row("transactional", producer(9, 0, 0, 0x10), ErrorCode::NONE),
        row("idempotent", producer(9, 0, kMax32, 0), ErrorCode::NONE),
        row("producer without sequence", producer(9, 0, -1), ErrorCode::INVALID_RECORD),
        row("producer with sequence -2", producer(9, 0, -2), ErrorCode::INVALID_RECORD),
        row("sequence without producer", producer(-1, 0, 7), ErrorCode::NONE),
        row("producer id -2", producer(-2, 0, 0), ErrorCode::NONE),
        row("codec 5", attributes(5),
            ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),  // UNKNOWN_SERVER_E.
        row("codec 6", attributes(6), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),  // the same
        row("codec 7", attributes(7), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),  // the same
        row("delete horizon bit", attributes(0x40), ErrorCode::NONE),
        row("unused bit 7", attributes(0x80), ErrorCode::NONE),
        row("unused bit 15", attributes(-0x8000), ErrorCode::NONE),
    });
}

// Records that are broken in a batch that is not.
std::vector<Row> broken_records() {
    const auto row = [](const char* what, const std::function<void(RawRecord&)>& change,
                        ErrorCode answer) {
        return Row{what, with_record(change).encoded(), answer};
    };
    const auto key_length = [](std::int64_t n) { return [=](RawRecord& r) { r.key_length = n; }; };
    const auto value_length = [](std::int64_t n) {
        return [=](RawRecord& r) { r.value_length = n; };
    };
    const auto length = [](std::int64_t n) { return [=](RawRecord& r) { r.length = n; }; };
    const auto headers = [](Bytes bytes) { return [=](RawRecord& r) { r.headers = bytes; }; };
    const auto bad = ErrorCode::INVALID_RECORD;
    const auto null_of_length = [](std::optional<std::string> RawRecord::* field,
                                   std::optional<std::int64_t> RawRecord::* length_field) {
        return [=](RawRecord& r) {
            r.*field = std::nullopt;
            r.*length_field = -2;
        };
    };
    return {
        row("length -1", length(-1), bad),
        row("length 0", length(0), bad),
        row("length one less", length(7), bad),
        row("length one more", length(9), bad),
        row("length beyond the batch", length(1000), bad),
        row("length 2^31-1", length(kMax32), bad),
        row("key length -2, no key", null_of_length(&RawRecord::key, &RawRecord::key_length),
            bad),  // NONE
        row("key length -2", key_length(-2), bad),
        row("key length -2^31", key_length(std::numeric_limits<std::int32_t>::min()), bad),
        row("key length one more", key_length(2), bad),
        row("key length beyond the record", key_length(100), bad),
        row("key length 2^31-1", key_length(kMax32), bad),
        row("value length -2, no value",
            null_of_length(&RawRecord::value, &RawRecord::value_length), bad),  // NONE
        row("value length -2", value_length(-2), bad),
        row("value length one more", value_length(2), bad),
        row("value length beyond the record", value_length(100), bad),
        row("value length 2^31-1", value_length(kMax32), bad),
        row("header count missing", headers({}), bad),
        row("header count -1", headers(varint(-1)), bad),
        row("header count 2^30", headers(varint(1 << 30)), bad),
        row("header count 1, no header", headers(varint(1)), bad),
        row("null header key", headers(varint(1) + varint(-1) + varint(0)), bad),
        row("header key length -2", headers(varint(1) + varint(-2) + varint(0)), bad),
        row("header key beyond the record", headers(varint(1) + varint(5) + varint(0)), bad),
        row("header value null", headers(varint(1) + varint(1) + Bytes{'a'} + varint(-1)),
            ErrorCode::NONE),
        row("header value length -2", headers(varint(1) + varint(1) + Bytes{'a'} + varint(-2)),
            bad),  // NONE
        row("header value beyond the record",
            headers(varint(1) + varint(1) + Bytes{'a'} + varint(5) + Bytes{'b'}), bad),
        row("header key that is not UTF-8",
            headers(varint(1) + varint(1) + Bytes{0xff} + varint(1) + Bytes{'b'}), ErrorCode::NONE),
        row("empty header key", headers(varint(1) + varint(0) + varint(0)), ErrorCode::NONE),
        row("a byte behind the headers", headers({0, 'x'}), bad),
        row(
            "unused attributes", [](RawRecord& r) { r.attributes = 0x7f; }, ErrorCode::NONE),
        row(
            "null key and value", [](RawRecord& r) { r.key = r.value = std::nullopt; },
            ErrorCode::NONE),
    };
}

TEST(BatchCheck, RefusesBrokenRecords) {
    expect_answers(broken_records());
}

TEST(BatchCheck, RefusesBrokenRecordsInsideEveryCodec) {
    const auto table = broken_records();
    for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        for (const auto& row : table) {
            SCOPED_TRACE(testing::Message() << codec_name(codec) << ": " << row.what);
            const Bytes payload(row.records.begin() + kBatchOverhead, row.records.end());
            Checker check;
            EXPECT_EQ(check.code(with_payload(payload, 1).compressed(codec).encoded()), row.answer);
        }
    }
}

TEST(BatchCheck, CountsRecordsAndBytes) {
    const auto three = RawBatch{}.plain();
    const Bytes body = {0, 0, 0, 2, 'k', 2, 'v', 0};
    const auto bad = ErrorCode::INVALID_RECORD;
    const auto ok = ErrorCode::NONE;
    const std::vector<std::tuple<const char*, Bytes, std::int32_t, ErrorCode>> table = {
        {"as many as there are", three, 3, ok},
        {"more than there are", three, 4, bad},
        {"fewer than there are", three, 2, bad},
        {"none at all", {}, 1, bad},
        {"a byte behind the last", three + Bytes{0}, 3, bad},
        {"a byte missing", first(three, three.size() - 1), 3, bad},
        {"length in 5 bytes", padded_varint(8, 5) + body, 1, ok},
        {"length in 6 bytes", padded_varint(8, 6) + body, 1, bad},  // UNKNOWN_SERVER_ERROR
        {"length with bits beyond 32", Bytes{0x90, 0x80, 0x80, 0x80, 0x70} + body, 1, ok},
        {"timestamp in 10 bytes",
         varint(17) + Bytes{0} + padded_varint(0, 10) + Bytes{0, 2, 'k', 2, 'v', 0}, 1, ok},
        {"timestamp in 11 bytes",
         varint(18) + Bytes{0} + padded_varint(0, 11) + Bytes{0, 2, 'k', 2, 'v', 0}, 1, bad},
    };
    for (const auto codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        for (const auto& [what, payload, count, answer] : table) {
            SCOPED_TRACE(testing::Message() << codec_name(codec) << ": " << what);
            const auto batch = with_payload(payload, count).compressed(codec);
            Checker check;
            EXPECT_EQ(check.code(batch.encoded()), answer);
        }
    }
}

// Kafka stores those of a batch that is not compressed as they are; consumers then see offsets
// that are not the ones it answered with. Compressed ones get UNKNOWN_SERVER_ERROR.
TEST(BatchCheck, RefusesOffsetDeltasThatAreNotThePlaceInTheBatch) {
    for (const auto& deltas : {std::vector{0, 2, 1}, {0, 0, 0}, {1, 2, 3}, {-5, -4, -3}}) {
        auto batch = holding({});
        for (const auto delta : deltas) batch.records.push_back({.offset_delta = delta});
        for (const auto codec : {Codec::none, Codec::lz4}) {
            Checker check;
            const auto encoded = codec == Codec::none ? batch : batch.compressed(codec);
            EXPECT_EQ(check.code(encoded.encoded()), ErrorCode::INVALID_RECORD);
        }
    }
}

TEST(BatchCheck, FirstBrokenRuleInKafkasOrderGivesTheAnswer) {
    Checker check;
    check.rules.max_message_bytes = 100;
    const std::vector<std::tuple<const char*, std::function<void(RawBatch&)>, ErrorCode>> table = {
        {"base offset before size",
         [](RawBatch& b) {
             b.base_offset = 1;
             b.make = 50;
         },
         ErrorCode::INVALID_RECORD},
        {"size before CRC",
         [](RawBatch& b) {
             b.make = 50;
             b.crc = 1;
         },
         ErrorCode::MESSAGE_TOO_LARGE},
        {"CRC before count",
         [](RawBatch& b) {
             b.crc = 1;
             b.record_count = 7;
         },
         ErrorCode::CORRUPT_MESSAGE},
        {"CRC before codec",
         [](RawBatch& b) {
             b.crc = 1;
             b.attributes = 5;
         },
         ErrorCode::CORRUPT_MESSAGE},
        {"count before control",
         [](RawBatch& b) {
             b.attributes = 0x20;
             b.record_count = 7;
         },
         ErrorCode::INVALID_RECORD},
    };
    for (const auto& [what, change, answer] : table) {
        SCOPED_TRACE(what);
        EXPECT_EQ(check.code(with(change).encoded()), answer);
    }
}

TEST(BatchCheck, HoldsTheSizeOfTheBatchToBothLimits) {
    const auto batch = RawBatch{}.encoded();
    Checker check;
    check.rules.max_message_bytes = static_cast<std::uint32_t>(batch.size());
    check.rules.segment_bytes = batch.size();
    EXPECT_EQ(check.code(batch), ErrorCode::NONE);
    check.rules.segment_bytes = batch.size() - 1;
    EXPECT_EQ(check.code(batch), ErrorCode::RECORD_LIST_TOO_LARGE);
    check.rules.max_message_bytes = static_cast<std::uint32_t>(batch.size()) - 1;
    EXPECT_EQ(check.code(batch), ErrorCode::MESSAGE_TOO_LARGE);
}

TEST(BatchCheck, TakesZstdOnlyFromProduceVersion7On) {
    Checker check;
    const auto batch = RawBatch{}.compressed(Codec::zstd).encoded();
    check.context.produce_version = ApiVersion{6};
    EXPECT_EQ(check.code(batch), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    EXPECT_EQ(check.code(RawBatch{}.compressed(Codec::lz4).encoded()), ErrorCode::NONE);
    check.context.produce_version = ApiVersion{7};
    EXPECT_EQ(check.code(batch), ErrorCode::NONE);
}

TEST(BatchCheck, TellsHowManyBytesBehindTheBatchItIgnores) {
    Checker check;
    const auto batch = RawBatch{}.encoded();
    const auto checked = check(batch + first(batch, 40));
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->trimmed, 40U);
    EXPECT_EQ(checked->bytes.size(), batch.size());
}

TEST(BatchCheck, NamesEveryRecordWithoutAKeyOnACompactedTopic) {
    for (const auto codec : {Codec::none, Codec::zstd}) {
        Checker check;
        check.rules.compacted = true;
        auto batch = holding({{}, {.offset_delta = 1}, {.offset_delta = 2}});
        batch.records[0].key = batch.records[2].key = std::nullopt;
        if (codec != Codec::none) batch = batch.compressed(codec);
        const auto checked = check(batch.encoded());
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().error.code, ErrorCode::INVALID_RECORD);
        ASSERT_EQ(checked.error().record_errors.size(), 2U);
        EXPECT_EQ(checked.error().record_errors[0].batch_index, 0);
        EXPECT_EQ(checked.error().record_errors[1].batch_index, 2);
        EXPECT_NE(checked.error().record_errors[1].message.find("key"), std::string::npos);
    }
    Checker check;
    check.rules.compacted = true;
    EXPECT_EQ(check.code(with_record([](RawRecord& r) { r.key = ""; }).encoded()), ErrorCode::NONE);
    EXPECT_EQ(check.code(with_record([](RawRecord& r) { r.value = std::nullopt; }).encoded()),
              ErrorCode::NONE);
}

TEST(BatchCheck, RecordErrorsAreBoundedAndYieldToBrokenRecords) {
    Checker check;
    check.rules.compacted = true;
    auto batch = holding({});
    for (std::int32_t i = 0; i < 3000; ++i) {
        batch.records.push_back({.offset_delta = i, .key = std::nullopt});
    }
    auto checked = check(batch.encoded());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().record_errors.size(), kMaxRecordErrors);
    EXPECT_NE(checked.error().error.detail.find("3000"), std::string::npos);
    batch.records.back().length = -1;
    checked = check(batch.encoded());
    ASSERT_FALSE(checked);
    EXPECT_TRUE(checked.error().record_errors.empty());
}

TEST(BatchCheck, HoldsTimestampsToTheLimitsOfTheTopic) {
    struct Case {
        const char* what;
        std::int64_t timestamp;
        bool taken_by_default;
        bool taken_with_before_of_an_hour;
    };
    const Case cases[] = {
        {"now", kNow, true, true},
        {"none", -1, true, true},
        {"an hour ahead", kNow + kHour, true, true},
        {"more than an hour ahead", kNow + kHour + 1, false, false},
        {"ten years ahead", kNow + 315'360'000'000, false, false},
        {"the greatest", kMax64, false, false},
        {"an hour ago", kNow - kHour, true, true},
        {"more than an hour ago", kNow - kHour - 1, true, false},
        {"0", 0, true, false},
        {"-2", -2, true, false},
        {"the least", kMin64, false, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        const auto batch = with([&](RawBatch& b) { b.base_timestamp = c.timestamp; }).encoded();
        Checker check;
        EXPECT_EQ(check.code(batch),
                  c.taken_by_default ? ErrorCode::NONE : ErrorCode::INVALID_TIMESTAMP);
        check.rules.timestamp_before_max = Millis{kHour};
        EXPECT_EQ(check.code(batch),
                  c.taken_with_before_of_an_hour ? ErrorCode::NONE : ErrorCode::INVALID_TIMESTAMP);
    }
}

TEST(BatchCheck, NamesTheRecordsWhoseTimestampsAreWrong) {
    Checker check;
    check.rules.compacted = true;
    auto batch = holding({{}, {.offset_delta = 1}, {.offset_delta = 2}, {.offset_delta = 3}});
    batch.base_timestamp = kNow;
    batch.records[1].timestamp_delta = 2 * kHour;
    batch.records[2].timestamp_delta = 2 * kHour;
    batch.records[2].key = std::nullopt;  // a missing key is named first
    const auto checked = check(batch.encoded());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().error.code, ErrorCode::INVALID_TIMESTAMP);
    const auto& errors = checked.error().record_errors;
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].batch_index, 1);
    EXPECT_NE(errors[0].message.find("1007200000"), std::string::npos) << errors[0].message;
    EXPECT_EQ(errors[1].batch_index, 2);
    EXPECT_NE(errors[1].message.find("key"), std::string::npos);
}

TEST(BatchCheck, SumOfBaseTimestampAndDeltaWrapsAsJavasDoes) {
    Checker check;
    auto batch = holding({{.timestamp_delta = kMax64}});
    batch.base_timestamp = kNow;
    EXPECT_EQ(check.code(batch.encoded()), ErrorCode::INVALID_TIMESTAMP);
}

TEST(BatchCheck, SetsTheMaxTimestampThatTheRecordsHave) {
    for (const auto codec : {Codec::none, Codec::snappy}) {
        for (const std::int64_t claimed : {std::int64_t{0}, kNow + 10 * kHour, std::int64_t{-1}}) {
            auto batch =
                holding({{}, {.timestamp_delta = 500, .offset_delta = 1}, {.offset_delta = 2}});
            batch.base_timestamp = kNow;
            batch.max_timestamp = claimed;
            if (codec != Codec::none) batch = batch.compressed(codec);
            Checker check;
            const auto checked = check(batch.encoded());
            ASSERT_TRUE(checked) << checked.error().error.detail;
            EXPECT_EQ(checked->view().max_timestamp(), TimestampMs{kNow + 500});
            EXPECT_TRUE(checked->view().crc_matches());
            EXPECT_EQ(checked->place, CheckedBatch::Place::request);
        }
    }
    Checker check;
    const auto timeless = with([](RawBatch& b) { b.base_timestamp = -5; }).encoded();
    ASSERT_TRUE(check(timeless));
    EXPECT_EQ(BatchView(check.bytes).max_timestamp(), kNoTimestamp);
}

TEST(BatchCheck, StampsBatchesOfLogAppendTimeTopics) {
    Checker check;
    check.rules.timestamp_type = TimestampType::log_append_time;
    for (const std::int64_t timestamp : {kMin64, std::int64_t{5}, kMax64}) {
        const auto batch = with([&](RawBatch& b) { b.base_timestamp = timestamp; });
        const auto checked = check(batch.encoded());
        ASSERT_TRUE(checked) << checked.error().error.detail;
        EXPECT_EQ(checked->log_append_time, TimestampMs{kNow});
        EXPECT_EQ(checked->view().timestamp_type(), TimestampType::log_append_time);
        EXPECT_EQ(checked->view().max_timestamp(), TimestampMs{kNow});
        EXPECT_EQ(checked->view().base_timestamp(), TimestampMs{timestamp});
        EXPECT_TRUE(checked->view().crc_matches());
    }
    EXPECT_EQ(check.code(with([](RawBatch& b) { b.attributes = 8; }).encoded()),
              ErrorCode::INVALID_TIMESTAMP);
}

// The producer has no say in the type. Kafka takes the header's max timestamp for that of all
// records then; here the records' own are held to the limits, as they are what consumers will see.
TEST(BatchCheck, TakesAwayTheStampThatAProducerSet) {
    Checker check;
    auto batch = with([](RawBatch& b) {
        b.attributes = 8;
        b.base_timestamp = kNow - 1000;
        b.max_timestamp = kNow;
    });
    const auto checked = check(batch.encoded());
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->view().timestamp_type(), TimestampType::create_time);
    EXPECT_EQ(checked->view().max_timestamp(), TimestampMs{kNow - 1000});
    EXPECT_TRUE(checked->view().crc_matches());
}

TEST(BatchCheck, KeepsTheProducersCompressionUnlessTheTopicHasItsOwn) {
    constexpr Codec kCodecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
    auto plain = with([](RawBatch& b) {
        b.make = 200;
        b.producer_id = 5;
        b.producer_epoch = 1;
        b.base_sequence = 40;
    });
    for (const auto from : kCodecs) {
        const auto batch = from == Codec::none ? plain : plain.compressed(from);
        for (const auto to : kCodecs) {
            SCOPED_TRACE(testing::Message() << codec_name(from) << " to " << codec_name(to));
            Checker check;
            check.rules.compression = Compression::standard(to);
            const auto checked = check(batch.encoded());
            ASSERT_TRUE(checked) << checked.error().error.detail;
            const auto view = checked->view();
            EXPECT_EQ(checked->place == CheckedBatch::Place::request, from == to);
            EXPECT_EQ(checked->bytes.data() == check.bytes.data(), from == to);
            EXPECT_EQ(view.codec(), to);
            EXPECT_TRUE(view.crc_matches());
            EXPECT_EQ(batch_frame(checked->bytes).size, checked->bytes.size());
            EXPECT_EQ(view.producer_id(), ProducerId{5});
            EXPECT_EQ(view.last_sequence(), Sequence{239});
            EXPECT_EQ(view.record_count(), 200);
            Bytes payload;
            const auto back = payload_of(view, check.codecs, payload, 1 << 20);
            ASSERT_TRUE(back);
            EXPECT_TRUE(std::ranges::equal(*back, plain.plain()));
        }
        Checker check;
        EXPECT_EQ(check(batch.encoded())->place, CheckedBatch::Place::request);
    }
}

TEST(BatchCheck, RecompressedBatchesAreStampedAndBounded) {
    Checker check;
    check.rules.compression = Compression::standard(Codec::none);
    check.rules.timestamp_type = TimestampType::log_append_time;
    const auto batch =
        with_record([](RawRecord& r) { r.value = std::string(5000, 'x'); }).compressed(Codec::gzip);
    const auto checked = check(batch.encoded());
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->view().max_timestamp(), TimestampMs{kNow});
    EXPECT_TRUE(checked->view().crc_matches());
    check.rules.max_message_bytes = 1000;
    EXPECT_EQ(check.code(batch.encoded()), ErrorCode::MESSAGE_TOO_LARGE);
    check.rules.max_message_bytes = 1 << 20;
    check.rules.segment_bytes = 1000;
    EXPECT_EQ(check.code(batch.encoded()), ErrorCode::RECORD_LIST_TOO_LARGE);
}

TEST(BatchCheck, DecompressesNoMoreThanTheLimit) {
    const auto one_large = with_record([](RawRecord& r) { r.value = std::string(2 << 20, '\0'); });
    const auto many_small = with([](RawBatch& b) { b.make = 20'000; });
    for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        SCOPED_TRACE(codec_name(codec));
        for (const auto& batch :
             {one_large.compressed(codec).encoded(), many_small.compressed(codec).encoded()}) {
            for (const auto target : {std::optional<Compression>(), {Compression{}}}) {
                Checker check;
                check.rules.max_message_bytes = 100 << 20;
                check.rules.compression = target;
                check.rules.max_decompressed_bytes = 100'000;
                EXPECT_EQ(check.code(batch), ErrorCode::MESSAGE_TOO_LARGE);
                EXPECT_EQ(check.rebuilt.capacity(), 0U);
                check.rules.max_decompressed_bytes = 3 << 20;
                EXPECT_EQ(check.code(batch), ErrorCode::NONE);
            }
        }
    }
}

TEST(BatchCheck, RefusesCompressedDataThatIsCutOrBroken) {
    for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        SCOPED_TRACE(codec_name(codec));
        const auto batch = RawBatch{}.compressed(codec);
        const auto answer = [&](Bytes payload) {
            auto broken = batch;
            broken.payload = std::move(payload);
            Checker check;
            return check.code(broken.encoded());
        };
        const auto& payload = *batch.payload;
        EXPECT_EQ(answer(payload), ErrorCode::NONE);
        EXPECT_EQ(answer({}), ErrorCode::CORRUPT_MESSAGE);
        EXPECT_EQ(answer(Bytes(40, 0x55)), ErrorCode::CORRUPT_MESSAGE);
        EXPECT_EQ(answer(payload + Bytes{1, 2, 3}), ErrorCode::CORRUPT_MESSAGE);
        for (std::size_t size = 0; size < payload.size(); ++size) {
            const auto code = answer(first(payload, size));
            const bool between_blocks = codec == Codec::snappy && size == 16;
            EXPECT_EQ(code, between_blocks ? ErrorCode::INVALID_RECORD : ErrorCode::CORRUPT_MESSAGE)
                << "cut at " << size;
        }
    }
}

TEST(BatchCheck, WalksRecordsLargerThanItsWindow) {
    auto batch = holding({});
    for (std::int32_t i = 0; i < 4; ++i) {
        RawRecord record{.offset_delta = i};
        record.key = std::string(150'000, 'k');
        record.value = std::string(static_cast<std::size_t>(1 + i * 100'000), 'v');
        record.headers = varint(2) + varint(1) + bytes_of("a") + varint(140'000) +
                         bytes_of(std::string(140'000, 'h')) + varint(200'000) +
                         bytes_of(std::string(200'000, 'n')) + varint(-1);
        batch.records.push_back(record);
    }
    for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        SCOPED_TRACE(codec_name(codec));
        Checker check;
        EXPECT_EQ(check.code(batch.compressed(codec).encoded()), ErrorCode::NONE);
        auto broken = batch;
        broken.records[3].value_length = 300'002;
        EXPECT_EQ(check.code(broken.compressed(codec).encoded()), ErrorCode::INVALID_RECORD);
        broken = batch;
        broken.records[3].length = 900'000;
        EXPECT_EQ(check.code(broken.compressed(codec).encoded()), ErrorCode::INVALID_RECORD);
        broken = batch;
        broken.records[2].headers = varint(100'000'000) + bytes_of(std::string(200'000, 'n'));
        EXPECT_EQ(check.code(broken.compressed(codec).encoded()), ErrorCode::INVALID_RECORD);
    }
}

TEST(BatchCheck, LetsCoordinatorsWriteWhatClientsMayNot) {
    Checker check;
    check.context.origin = BatchOrigin::coordinator;
    check.rules.compression = Compression::standard(Codec::lz4);
    auto marker = with_record([](RawRecord& r) {
        r.key = std::string("\0\0\0\1", 4);
        r.value = std::string("\0\0\0\0\0\7", 6);
    });
    marker.attributes = 0x30;
    marker.producer_id = 12;
    marker.producer_epoch = 3;
    const auto checked = check(marker.encoded());
    ASSERT_TRUE(checked) << checked.error().error.detail;
    EXPECT_EQ(checked->place, CheckedBatch::Place::request) << "control batches stay uncompressed";
    check.rules.compression.reset();
    EXPECT_EQ(check.code(with([](RawBatch& b) { b.base_offset = 5; }).encoded()), ErrorCode::NONE);
    EXPECT_EQ(check.code(with([](RawBatch& b) { b.record_count = 5; }).encoded()),
              ErrorCode::INVALID_RECORD);
}

}  // namespace
}  // namespace milena::test
