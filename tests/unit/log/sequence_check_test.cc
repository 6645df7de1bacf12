#include "log/sequence_check.h"

#include "tests/unit/log/support/log_fixture.h"

#include <limits>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();

ProducerBatch batch(int epoch, std::int32_t first, std::int32_t count, bool transactional = false) {
    return {.producer_id = ProducerId{7},
            .producer_epoch = ProducerEpoch{static_cast<std::int16_t>(epoch)},
            .base_sequence = Sequence{first},
            .first_offset = Offset{0},
            .last_offset = Offset{count - 1},
            .max_timestamp = TimestampMs{1},
            .transactional = transactional};
}

// A producer of epoch 3 whose batches of `sizes` records begin at sequence `first`, offset 100.
ProducerEntry entry_of(std::int32_t first, std::initializer_list<std::int32_t> sizes) {
    ProducerEntry entry;
    entry.begin_epoch(ProducerEpoch{3});
    Offset offset{100};
    Sequence next{first};
    for (const std::int32_t size : sizes) {
        entry.remember({.last_offset = offset + size - 1,
                        .timestamp = TimestampMs{1'000 + offset.value()},
                        .last_sequence = sequence_after(next, size - 1),
                        .offset_delta = size - 1});
        offset = offset + size;
        next = sequence_after(next, size);
    }
    return entry;
}

TEST(SequenceCheck, ClientBatches) {
    const ProducerEntry known =
        entry_of(10, {5, 1, 4, 10, 2, 3});                   // 10-14 is forgotten, ends at 34
    const ProducerEntry wraps = entry_of(kMax - 4, {3, 4});  // ends at 1
    ProducerEntry marker_only;
    marker_only.begin_epoch(ProducerEpoch{3});
    ProducerEntry full_end = entry_of(kMax - 1, {2});  // ends at 2^31-1
    const auto ok = ErrorCode::NONE;
    const auto order = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;
    const auto epoch = ErrorCode::INVALID_PRODUCER_EPOCH;
    const struct {
        const char* what;
        const ProducerEntry* known;
        ProducerBatch batch;
        ErrorCode code;
    } rows[] = {
        {"nothing known, any sequence", nullptr, batch(0, 77, 3), ok},
        {"the next one", &known, batch(3, 35, 3), ok},
        {"a gap", &known, batch(3, 36, 3), order},
        {"back, not one of the remembered", &known, batch(3, 10, 5), order},
        {"overlaps the last", &known, batch(3, 33, 3), order},
        {"older epoch", &known, batch(2, 35, 3), epoch},
        {"new epoch from 0", &known, batch(4, 0, 3), ok},
        {"new epoch from elsewhere", &known, batch(4, 35, 3), order},
        {"wrapped, the next one", &wraps, batch(3, 2, 1), ok},
        {"wrapped, not the next one", &wraps, batch(3, 3, 1), order},
        {"only a marker seen, from 0", &marker_only, batch(3, 0, 1), ok},
        {"only a marker seen, from 1", &marker_only, batch(3, 1, 1), order},
        {"ends at the greatest, next is 0", &full_end, batch(3, 0, 1), ok},
    };
    for (const auto& row : rows) {
        const auto checked = check_sequence(row.known, row.batch, AppendOrigin::client);
        if (row.code == ok) {
            ASSERT_TRUE(checked) << row.what << ": " << checked.error().detail;
            EXPECT_FALSE(*checked) << row.what;
        } else {
            ASSERT_FALSE(checked) << row.what;
            EXPECT_EQ(checked.error().code, row.code) << row.what;
        }
    }
}

TEST(SequenceCheck, AnyOfTheLastFiveIsADuplicateWithItsFirstPlace) {
    const ProducerEntry known = entry_of(10, {5, 1, 4, 10, 2, 3});
    const struct {
        std::int32_t first, count;
        std::int64_t offset;
    } rows[] = {{15, 1, 105}, {16, 4, 106}, {20, 10, 110}, {30, 2, 120}, {32, 3, 122}};
    for (const auto& row : rows) {
        const auto found =
            value_of(check_sequence(&known, batch(3, row.first, row.count), AppendOrigin::client));
        ASSERT_TRUE(found) << row.first;
        EXPECT_EQ(found->first_offset, Offset{row.offset});
        EXPECT_EQ(found->last_offset, Offset{row.offset + row.count - 1});
        EXPECT_EQ(found->timestamp, TimestampMs{1'000 + row.offset});
    }
    EXPECT_FALSE(check_sequence(&known, batch(3, 32, 2), AppendOrigin::client))
        << "the same beginning, another end";
}

TEST(SequenceCheck, ADuplicateAcrossTheWrap) {
    const ProducerEntry known = entry_of(kMax - 1, {4});
    const auto found =
        value_of(check_sequence(&known, batch(3, kMax - 1, 4), AppendOrigin::client));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->first_offset, Offset{100});
}

TEST(SequenceCheck, CoordinatorsAreHeldToTheirEpochOnly) {
    const ProducerEntry known = entry_of(10, {5});
    EXPECT_TRUE(check_sequence(&known, batch(3, 99, 1), AppendOrigin::coordinator));
    EXPECT_EQ(check_sequence(&known, batch(2, 15, 1), AppendOrigin::coordinator).error().code,
              ErrorCode::INVALID_PRODUCER_EPOCH);
}

TEST(SequenceCheck, NoPlainBatchInsideATransaction) {
    ProducerEntry known = entry_of(0, {1});
    known.current_txn_first_offset = Offset{100};
    EXPECT_EQ(check_sequence(&known, batch(3, 1, 1, false), AppendOrigin::client).error().code,
              ErrorCode::INVALID_TXN_STATE);
    EXPECT_TRUE(check_sequence(&known, batch(3, 1, 1, true), AppendOrigin::client));
}

}  // namespace
}  // namespace milena::log::test
