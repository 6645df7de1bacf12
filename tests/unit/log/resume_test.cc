// Recovery that begins at the recovery point: the same log as one that begins at the first byte,
// for less reading.
#include "log/producer_state.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

constexpr const char* kLog = "00000000000000000000.log";
constexpr const char* kIndex = "00000000000000000000.index";
constexpr const char* kTimeIndex = "00000000000000000000.timeindex";

class ResumeTest : public LogTest {
  protected:
    // 300 batches of one producer, in an epoch for each 100, of which the first 200 are secured.
    void write() {
        open();
        for (int i = 0; i < 300; ++i) {
            if (i == 200) expect_ok(log_->sync(SyncScope::everything));
            BatchSpec spec;
            spec.timestamp = 1'000 + (i % 7 == 0 ? 10 * i : i);
            spec.producer_id = ProducerId{5};
            spec.producer_epoch = ProducerEpoch{0};
            spec.base_sequence = Sequence{i};
            append(spec, LeaderEpoch{i / 100});
        }
        EXPECT_EQ(log_->recovery_point(), Offset{200});
        size_ = log_->size_bytes();
    }
    // What recovery makes of the disk as it is, from `recovery_point` on.
    struct Outcome {
        std::vector<std::int64_t> batches;
        std::vector<EpochEntry> epochs;
        Sequence last_sequence;
        std::vector<std::uint8_t> index;
        std::vector<std::uint8_t> time_index;
        std::uint64_t scanned = 0;

        bool same_log(const Outcome& other) const {
            return batches == other.batches && epochs == other.epochs &&
                   last_sequence == other.last_sequence && index == other.index &&
                   time_index == other.time_index;
        }
    };
    Outcome recover(Offset recovery_point) {
        const auto disk = disk_.clone();
        open(Shutdown::unclean, recovery_point);
        Outcome outcome;
        outcome.scanned = log_->recovery_report().scanned_bytes;
        outcome.batches = batch_offsets();
        outcome.epochs = log_->epochs();
        const auto* producer = log_->producers().find(ProducerId{5});
        if (producer != nullptr) outcome.last_sequence = producer->last_sequence();
        outcome.index = disk_.bytes(path(kIndex));
        outcome.time_index = disk_.bytes(path(kTimeIndex));
        log_->check_invariants();
        log_.reset();
        disk_ = *disk;
        return outcome;
    }

    std::uint64_t size_ = 0;
};

TEST_F(ResumeTest, OnlyWhatLiesAboveTheRecoveryPointIsRead) {
    write();
    kill();
    const Outcome full = recover(Offset{0});
    EXPECT_EQ(full.scanned, size_);
    EXPECT_EQ(full.batches.size(), 300U);
    EXPECT_EQ(full.last_sequence, Sequence{299});
    const Outcome resumed = recover(Offset{200});
    EXPECT_LT(resumed.scanned, size_ / 2);
    EXPECT_GT(resumed.scanned, size_ / 3);
    EXPECT_TRUE(resumed.same_log(full));
}

TEST_F(ResumeTest, EveryRecoveryPointGivesTheSameLog) {
    write();
    kill();
    const Outcome full = recover(Offset{0});
    for (int point = 1; point <= 200; point += 7) {
        EXPECT_TRUE(recover(Offset{point}).same_log(full)) << point;
    }
}

TEST_F(ResumeTest, ATornTailIsCutAllTheSame) {
    write();
    kill();
    auto& bytes = disk_.bytes(path(kLog));
    bytes.resize(bytes.size() - 10);
    const Outcome resumed = recover(Offset{200});
    EXPECT_EQ(resumed.batches.size(), 299U);
    EXPECT_TRUE(resumed.same_log(recover(Offset{0})));
}

TEST_F(ResumeTest, WhatTheCrashLeftInTheIndexesIsNotBelieved) {
    write();
    kill();
    const Outcome full = recover(Offset{0});
    struct Row {
        const char* what;
        const char* file;
        std::size_t entry;
        std::size_t entries;
        std::uint8_t byte;
    };
    // Whole entries, so that lengths make sense: Kafka's index of an active segment is padded so.
    for (const Row& row :
         {Row{"zeros", kIndex, 8, 100, 0}, Row{"ones", kIndex, 8, 3, 0xff},
          Row{"garbage", kIndex, 8, 5, 0x01}, Row{"zeros in time", kTimeIndex, 12, 50, 0},
          Row{"garbage in time", kTimeIndex, 12, 5, 0x7f}}) {
        const auto before = disk_.clone();
        auto& bytes = disk_.bytes(path(row.file));
        bytes.insert(bytes.end(), row.entry * row.entries, row.byte);
        const Outcome resumed = recover(Offset{200});
        EXPECT_TRUE(resumed.same_log(full)) << row.what;
        EXPECT_LT(resumed.scanned, size_ / 2) << row.what;
        disk_ = *before;
    }
}

// A recovery that crashed may leave the entries that it wrote anew as zeros, from the first one on.
TEST_F(ResumeTest, TimesThatTheDeviceNeverGotAreNotBelieved) {
    write();
    kill();
    auto& times = disk_.bytes(path(kTimeIndex));
    ASSERT_GE(times.size(), 24U);
    std::ranges::fill(times, 0);
    const Outcome resumed = recover(Offset{200});
    EXPECT_LT(resumed.scanned, size_ / 2);
    ASSERT_GE(resumed.time_index.size(), 12U);
    EXPECT_NE(load_be<std::int64_t>(resumed.time_index.data()), 0);
}

TEST_F(ResumeTest, AnIndexThatNamesNoBatchMakesItBeginAtTheFirst) {
    write();
    kill();
    const Outcome full = recover(Offset{0});
    auto& index = disk_.bytes(path(kIndex));
    for (std::size_t at = 7; at < index.size(); at += 8) index[at] ^= 1;
    const Outcome resumed = recover(Offset{200});
    EXPECT_EQ(resumed.scanned, size_);
    EXPECT_TRUE(resumed.same_log(full));
    disk_.put(path(kIndex), "");
    EXPECT_TRUE(recover(Offset{200}).same_log(full));
}

TEST_F(ResumeTest, AfterAPowerCutAtTheRecoveryPointNothingIsMissing) {
    write();
    log_.reset();
    disk_.lose_unsynced();
    const Outcome resumed = recover(Offset{200});
    EXPECT_GE(resumed.batches.size(), 200U);
    EXPECT_TRUE(resumed.same_log(recover(Offset{0})));
}

TEST_F(ResumeTest, AbortedTransactionsBelowTheRecoveryPointStay) {
    open();
    int sequence = 0;
    const auto transaction = [&](bool commit) {
        for (int i = 0; i < 30; ++i) {
            BatchSpec spec;
            spec.producer_id = ProducerId{9};
            spec.producer_epoch = ProducerEpoch{0};
            spec.base_sequence = Sequence{sequence++};
            spec.transactional = true;
            append(spec);
        }
        append_bytes(make_marker(ProducerId{9}, ProducerEpoch{0}, commit));
    };
    for (const bool commit : {false, true, false}) transaction(commit);
    expect_ok(log_->sync(SyncScope::everything));
    const Offset point = log_->recovery_point();
    transaction(false);
    log_->on_high_watermark(log_->log_end_offset());
    const auto aborted = value_of(log_->aborted_transactions(Offset{0}, log_->log_end_offset()));
    EXPECT_EQ(aborted.size(), 3U);
    kill();
    open(Shutdown::unclean, point);
    EXPECT_LT(log_->recovery_report().scanned_bytes, log_->size_bytes() / 2);
    EXPECT_EQ(value_of(log_->aborted_transactions(Offset{0}, log_->log_end_offset())), aborted);
}

}  // namespace
}  // namespace milena::log::test
