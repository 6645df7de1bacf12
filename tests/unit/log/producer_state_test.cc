#include "log/producer_state.h"

#include "log/producer_snapshot.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/random.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

ProducerBatch batch(std::int64_t id, std::int64_t offset, std::int32_t sequence, int count,
                    bool transactional) {
    return {.producer_id = ProducerId{id},
            .producer_epoch = ProducerEpoch{0},
            .base_sequence = Sequence{sequence},
            .first_offset = Offset{offset},
            .last_offset = Offset{offset + count - 1},
            .max_timestamp = TimestampMs{offset},
            .transactional = transactional};
}

TransactionMarker abort_marker() {
    return {ControlType::abort, 3};
}
TransactionMarker commit_marker() {
    return {ControlType::commit, 3};
}

std::optional<CompletedTransaction> end(ProducerState& state, std::int64_t id, std::int64_t offset,
                                        const TransactionMarker& marker) {
    state.set_end_offset(Offset{offset + 1});
    return state.apply(ProducerId{id}, ProducerEpoch{0}, marker, Offset{offset},
                       TimestampMs{offset});
}

void write(ProducerState& state, const ProducerBatch& batch) {
    state.apply(batch);
    state.set_end_offset(batch.last_offset + 1);
    state.check_invariants();
}

TEST(ProducerState, AnOpenTransactionHoldsBackTheStableOffsetUntilItsMarkerIsReplicated) {
    ProducerState state;
    write(state, batch(1, 0, 0, 5, false));
    EXPECT_EQ(state.first_unstable_offset(), std::nullopt);
    write(state, batch(2, 5, 0, 5, true));
    write(state, batch(3, 10, 0, 5, true));
    write(state, batch(2, 15, 5, 5, true));
    EXPECT_EQ(state.first_unstable_offset(), Offset{5});
    const auto completed = end(state, 2, 20, commit_marker());
    ASSERT_TRUE(completed);
    EXPECT_EQ(completed->first_offset, Offset{5});
    EXPECT_EQ(completed->last_offset, Offset{20});
    EXPECT_FALSE(completed->aborted);
    EXPECT_EQ(state.stable_offset_after(*completed), Offset{10});
    state.on_high_watermark(Offset{20});
    EXPECT_EQ(state.first_unstable_offset(), Offset{5}) << "the marker itself is not replicated";
    state.on_high_watermark(Offset{21});
    EXPECT_EQ(state.first_unstable_offset(), Offset{10});
    const auto last = end(state, 3, 21, abort_marker());
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->aborted);
    EXPECT_EQ(state.stable_offset_after(*last), Offset{22});
    state.on_high_watermark(Offset{22});
    EXPECT_EQ(state.first_unstable_offset(), std::nullopt);
    state.check_invariants();
}

TEST(ProducerState, AMarkerWithoutDataEndsNothingButRemembersItsCoordinator) {
    ProducerState state;
    EXPECT_FALSE(end(state, 9, 0, abort_marker()));
    ASSERT_NE(state.find(ProducerId{9}), nullptr);
    EXPECT_EQ(state.find(ProducerId{9})->coordinator_epoch, 3);
    EXPECT_EQ(state.find(ProducerId{9})->batch_count, 0);
}

TEST(ProducerState, ExpiryTakesTheIdleButNotTheOpen) {
    ProducerState state;
    write(state, batch(1, 100, 0, 1, false));
    write(state, batch(2, 200, 0, 1, true));
    write(state, batch(3, 300, 0, 1, false));
    state.expire(TimestampMs{1'300}, Millis{1'000});
    EXPECT_EQ(state.find(ProducerId{1}), nullptr);
    EXPECT_NE(state.find(ProducerId{2}), nullptr);
    EXPECT_EQ(state.find(ProducerId{3}), nullptr);
}

TEST(ProducerSnapshot, KeepsWhatFencesAndTheLastBatch) {
    ProducerState state;
    write(state, batch(1, 0, 10, 5, false));
    write(state, batch(1, 5, 15, 3, false));
    write(state, batch(2, 8, 0, 2, true));
    end(state, 4, 10, commit_marker());
    const auto bytes = encode_producer_snapshot(state);
    EXPECT_EQ(bytes.size(), 10U + 3 * 46U);

    ProducerState restored;
    restored.set_end_offset(Offset{11});
    expect_ok(decode_producer_snapshot(bytes, restored));
    restored.check_invariants();
    ASSERT_EQ(restored.size(), 3U);
    const ProducerEntry* first = restored.find(ProducerId{1});
    EXPECT_EQ(first->batch_count, 1);
    EXPECT_EQ(first->last_sequence(), Sequence{17});
    EXPECT_EQ(first->last_batch()->first_offset(), Offset{5});
    EXPECT_EQ(first->last_timestamp, TimestampMs{5});
    EXPECT_EQ(restored.find(ProducerId{2})->current_txn_first_offset, Offset{8});
    EXPECT_EQ(restored.first_unstable_offset(), Offset{8});
    EXPECT_EQ(restored.find(ProducerId{4})->coordinator_epoch, 3);
    EXPECT_EQ(restored.find(ProducerId{4})->batch_count, 0);
}

TEST(ProducerSnapshot, EveryDamagedByteIsNoticed) {
    ProducerState state;
    write(state, batch(1, 0, 10, 5, false));
    const auto sound = encode_producer_snapshot(state);
    for (std::size_t i = 0; i < sound.size(); ++i) {
        auto bytes = sound;
        bytes[i] ^= 0x40;
        ProducerState restored;
        EXPECT_FALSE(decode_producer_snapshot(bytes, restored)) << "byte " << i;
        EXPECT_EQ(restored.size(), 0U);
    }
    for (std::size_t length = 0; length < sound.size(); ++length) {
        ProducerState restored;
        EXPECT_FALSE(decode_producer_snapshot(ByteView(sound).first(length), restored)) << length;
    }
}

TEST(ProducerSnapshot, ACountThatDoesNotFitIsRefusedThoughTheChecksumIsRight) {
    for (const std::int32_t count : {-1, 1, 1'000'000'000}) {
        std::vector<std::uint8_t> bytes(10);
        store_be(bytes.data(), std::int16_t{1});
        store_be(bytes.data() + 6, count);
        store_be(bytes.data() + 2, crc32c(ByteView(bytes).subspan(6)));
        ProducerState restored;
        EXPECT_FALSE(decode_producer_snapshot(bytes, restored)) << count;
    }
}

// The state is a fold: cut anywhere, snapshot and the rest give what the whole gives.
TEST(ProducerSnapshot, SnapshotAndRestEqualTheWhole) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    ProducerState whole;
    ProducerState resumed;
    std::map<std::int64_t, std::int32_t> sequences;
    std::int64_t offset = 0;
    for (int i = 0; i < 3'000; ++i) {
        const auto id = static_cast<std::int64_t>(random.below(10));
        const bool transactional = id % 2 == 1;
        if (transactional && random.below(3) == 0) {
            const auto marker = random.below(2) == 0 ? abort_marker() : commit_marker();
            const auto a = end(whole, id, offset, marker);
            const auto b = end(resumed, id, offset, marker);
            ASSERT_EQ(a.has_value(), b.has_value());
            ++offset;
        } else {
            const int count = static_cast<int>(1 + random.below(5));
            const auto next = batch(id, offset, sequences[id], count, transactional);
            sequences[id] += count;
            whole.apply(next);
            resumed.apply(next);
            offset += count;
        }
        whole.set_end_offset(Offset{offset});
        resumed.set_end_offset(Offset{offset});
        if (random.below(10) == 0) {
            const Offset watermark{offset};
            whole.on_high_watermark(watermark);
            resumed.on_high_watermark(watermark);
            const auto bytes = encode_producer_snapshot(resumed);
            expect_ok(decode_producer_snapshot(bytes, resumed));
        }
        ASSERT_EQ(whole.first_unstable_offset(), resumed.first_unstable_offset());
        for (const auto& [key, entry] : whole.entries()) {
            const ProducerEntry* other = resumed.find(key);
            ASSERT_NE(other, nullptr);
            ASSERT_EQ(other->last_sequence(), entry.last_sequence());
            ASSERT_EQ(other->current_txn_first_offset, entry.current_txn_first_offset);
            ASSERT_EQ(other->coordinator_epoch, entry.coordinator_epoch);
        }
        whole.check_invariants();
        resumed.check_invariants();
    }
}

TEST(ProducerState, ForgetsThoseWhoWroteLongestAgoWhenThereAreTooMany) {
    ProducerState state;
    for (int i = 0; i < 10; ++i) write(state, batch(i, i, 0, 1, i == 2));
    EXPECT_EQ(state.shrink_to(10), 0U);
    EXPECT_EQ(state.shrink_to(6), 4U);
    for (const int gone : {0, 1, 3, 4}) EXPECT_EQ(state.find(ProducerId{gone}), nullptr) << gone;
    EXPECT_NE(state.find(ProducerId{2}), nullptr) << "its transaction is open";
    state.check_invariants();
}

TEST(ProducerState, ForgetsNobodyWithAnOpenTransaction) {
    ProducerState state;
    for (int i = 0; i < 4; ++i) write(state, batch(i, i, 0, 1, true));
    EXPECT_EQ(state.shrink_to(1), 0U);
    EXPECT_EQ(state.size(), 4U);
}

}  // namespace
}  // namespace milena::log::test
