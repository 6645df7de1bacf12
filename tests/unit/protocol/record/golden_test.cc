// What the Java client wrote, read and written by us.
#include "tests/unit/protocol/record/golden.h"

#include "protocol/msg/records/leader_change_message.h"
#include "protocol/msg/records/voters_record.h"
#include "protocol/record/batch_check.h"
#include "protocol/record/compress.h"
#include "protocol/record/control_record.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

namespace milena::test {
namespace {

TEST(GoldenBatches, CoverEveryCodecAndControlType) {
    std::size_t codecs[5] = {};
    std::size_t controls = 0;
    for (const auto& golden : golden_batches()) {
        ++codecs[static_cast<int>(golden.traits.compression.codec)];
        controls += golden.traits.control ? 1 : 0;
    }
    EXPECT_TRUE(std::ranges::all_of(codecs, [](auto n) { return n >= 2; }));
    EXPECT_EQ(controls, 7U);
}

TEST(GoldenBatches, HaveTheHeaderThatJavaWasAskedFor) {
    for (const auto& golden : golden_batches()) {
        SCOPED_TRACE(golden.name);
        const auto frame = batch_frame(golden.bytes);
        ASSERT_EQ(frame.kind, BatchFrame::Kind::whole);
        ASSERT_EQ(frame.size, golden.bytes.size());
        const BatchView batch(golden.bytes);
        const auto count = static_cast<std::int32_t>(golden.records.size());
        EXPECT_TRUE(batch.crc_matches());
        EXPECT_EQ(batch.base_offset(), golden.traits.base_offset);
        EXPECT_EQ(batch.leader_epoch(), golden.traits.leader_epoch);
        EXPECT_EQ(batch.codec(), golden.traits.compression.codec);
        EXPECT_EQ(batch.timestamp_type(), golden.traits.timestamp_type);
        EXPECT_EQ(batch.producer_id(), golden.traits.producer_id);
        EXPECT_EQ(batch.producer_epoch(), golden.traits.producer_epoch);
        EXPECT_EQ(batch.base_sequence(), golden.traits.base_sequence);
        EXPECT_EQ(batch.is_transactional(), golden.traits.transactional);
        EXPECT_EQ(batch.is_control(), golden.traits.control);
        EXPECT_EQ(batch.record_count(), count);
        EXPECT_EQ(batch.last_offset(), golden.traits.base_offset + (count - 1));
    }
}

TEST(GoldenBatches, HoldTheRecordsThatJavaWasGiven) {
    Codecs codecs;
    Bytes buffer;
    for (const auto& golden : golden_batches()) {
        SCOPED_TRACE(golden.name);
        const BatchView batch(golden.bytes);
        const auto payload = payload_of(batch, codecs, buffer, 1 << 20);
        ASSERT_TRUE(payload) << payload.error().detail;
        RecordReader reader(batch, *payload);
        std::size_t i = 0;
        for (; reader.next(); ++i) {
            ASSERT_LT(i, golden.records.size());
            const auto& expected = golden.records[i];
            const auto& record = reader.record();
            EXPECT_EQ(record.offset, golden.traits.base_offset + static_cast<std::int64_t>(i));
            EXPECT_EQ(record.timestamp, batch.timestamp_type() == TimestampType::log_append_time
                                            ? golden.traits.log_append_time
                                            : expected.timestamp);
            EXPECT_EQ(record.key, view(expected.key));
            EXPECT_EQ(record.value, view(expected.value));
            const auto headers = header_views(expected);
            ASSERT_EQ(record.headers.size(), headers.size());
            EXPECT_TRUE(std::equal(headers.begin(), headers.end(), record.headers.begin()));
        }
        EXPECT_TRUE(reader.status()) << reader.status().error().detail;
        EXPECT_EQ(i, golden.records.size());
    }
}

TEST(GoldenBatches, AreWhatOurBuilderWritesWhenNotCompressed) {
    BatchBuilder builder;
    std::size_t compared = 0;
    for (const auto& golden : golden_batches()) {
        if (golden.traits.compression.codec != Codec::none) continue;
        SCOPED_TRACE(golden.name);
        builder.reset(golden.traits);
        for (const auto& record : golden.records) {
            builder.add(record.timestamp, view(record.key), view(record.value),
                        header_views(record));
        }
        EXPECT_EQ(builder.size_uncompressed(), golden.bytes.size());
        EXPECT_EQ(to_hex(builder.finish()), to_hex(golden.bytes));
        ++compared;
    }
    EXPECT_GE(compared, 18U);
}

TEST(GoldenBatches, HoldWhatOurBuilderCompresses) {
    Codecs codecs;
    BatchBuilder builder;
    Bytes ours;
    Bytes theirs;
    for (const auto& golden : golden_batches()) {
        if (golden.traits.compression.codec == Codec::none) continue;
        SCOPED_TRACE(golden.name);
        builder.reset(golden.traits);
        for (const auto& record : golden.records) {
            builder.add(record.timestamp, view(record.key), view(record.value),
                        header_views(record));
        }
        const BatchView batch(builder.finish(codecs));
        EXPECT_TRUE(batch.crc_matches());
        EXPECT_EQ(batch.codec(), golden.traits.compression.codec);
        EXPECT_EQ(batch_frame(batch.bytes()).size, batch.size());
        ASSERT_TRUE(payload_of(batch, codecs, ours, 1 << 20));
        ASSERT_TRUE(payload_of(BatchView(golden.bytes), codecs, theirs, 1 << 20));
        EXPECT_EQ(ours, theirs);
    }
}

TEST(GoldenBatches, PassTheCheckInPlace) {
    Codecs codecs;
    Bytes rebuilt;
    BatchRules rules;
    rules.timestamp_after_max = Millis{std::numeric_limits<std::int64_t>::max()};
    for (const auto& golden : golden_batches()) {
        // What a client may send.
        if (golden.traits.control || golden.traits.timestamp_type != TimestampType::create_time ||
            golden.traits.base_offset != Offset{0}) {
            continue;
        }
        SCOPED_TRACE(golden.name);
        auto bytes = golden.bytes;
        const auto checked = check_batch(
            bytes, rules, {TimestampMs{1'700'000'000'000}, ApiVersion{13}}, codecs, rebuilt);
        ASSERT_TRUE(checked) << checked.error().error.detail;
        EXPECT_EQ(checked->place, CheckedBatch::Place::request);
        EXPECT_EQ(to_hex(bytes), to_hex(golden.bytes));
    }
}

template <class T>
T control_body(const GoldenBatch& golden, Arena& arena) {
    RecordReader reader(BatchView(golden.bytes), BatchView(golden.bytes).records());
    EXPECT_TRUE(reader.next());
    const auto body = parse_control_body<T>(reader.record(), arena);
    EXPECT_TRUE(body) << body.error().detail;
    return body ? *body : T{};
}

const GoldenBatch& golden_batch(std::string_view name) {
    const auto found = std::ranges::find(golden_batches(), name, &GoldenBatch::name);
    EXPECT_NE(found, golden_batches().end());
    return *found;
}

TEST(GoldenBatches, ControlRecordsAreUnderstoodAndWrittenAlike) {
    const std::pair<const char*, ControlType> types[] = {
        {"abort_marker", ControlType::abort},
        {"commit_marker", ControlType::commit},
        {"leader_change", ControlType::leader_change},
        {"snapshot_header", ControlType::snapshot_header},
        {"snapshot_footer", ControlType::snapshot_footer},
        {"kraft_version", ControlType::kraft_version},
        {"kraft_voters", ControlType::kraft_voters},
    };
    for (const auto& [name, type] : types) {
        SCOPED_TRACE(name);
        const auto& golden = golden_batch(name);
        const auto& record = golden.records.at(0);
        const auto parsed = parse_control_key(view(record.key));
        ASSERT_TRUE(parsed);
        EXPECT_EQ(*parsed, type);
        const ControlRecord ours{type, *view(record.value)};
        EXPECT_EQ(to_hex(build_control_batch(golden.traits, record.timestamp, {&ours, 1})),
                  to_hex(golden.bytes));
    }
}

TEST(GoldenBatches, ControlBodiesDecode) {
    Arena arena;
    const auto leader =
        control_body<msg::LeaderChangeMessage>(golden_batch("leader_change"), arena);
    EXPECT_EQ(leader.leader_id, BrokerId{2});
    ASSERT_EQ(leader.voters.size(), 2U);
    EXPECT_EQ(leader.voters[1].voter_id, BrokerId{2});
    const auto voters = control_body<msg::VotersRecord>(golden_batch("kraft_voters"), arena);
    ASSERT_EQ(voters.voters.size(), 1U);
    EXPECT_EQ(voters.voters[0].endpoints[0].host, "node-1");
    EXPECT_EQ(voters.voters[0].endpoints[0].port, 9093);
}

TEST(GoldenBatches, TransactionMarkersDecode) {
    const std::pair<const char*, TransactionMarker> markers[] = {
        {"abort_marker", {ControlType::abort, 3}}, {"commit_marker", {ControlType::commit, 0}}};
    for (const auto& [name, marker] : markers) {
        const BatchView batch(golden_batch(name).bytes);
        RecordReader reader(batch, batch.records());
        ASSERT_TRUE(reader.next());
        const auto parsed = parse_transaction_marker(reader.record());
        ASSERT_TRUE(parsed);
        EXPECT_EQ(*parsed, marker);
        EXPECT_EQ(NullableBytes(ByteView(transaction_marker_value(marker))), reader.record().value);
    }
}

}  // namespace
}  // namespace milena::test
