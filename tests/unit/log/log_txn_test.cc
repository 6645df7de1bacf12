// Transactions as one partition sees them.

#include "log/producer_state.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogTxnTest : public LogTest {
  protected:
    void write(std::int64_t producer, int records = 1) {
        auto& sequence = sequences_[producer];
        append({.records = records,
                .producer_id = ProducerId{producer},
                .producer_epoch = ProducerEpoch{0},
                .base_sequence = Sequence{sequence},
                .transactional = true});
        sequence += records;
    }
    void end(std::int64_t producer, bool commit) {
        append_bytes(make_marker(ProducerId{producer}, ProducerEpoch{0}, commit));
    }
    AbortedTransaction aborted(std::int64_t producer, std::int64_t first, std::int64_t last,
                               std::int64_t stable) {
        return {ProducerId{producer}, Offset{first}, Offset{last}, Offset{stable}};
    }
    // 1 aborts [0, 3], 2 commits [1, 4], 3 aborts [5, 7], 4 is open from 6.
    void scenario() {
        write(1);       // 0
        write(2);       // 1
        append();       // 2
        end(1, false);  // 3
        end(2, true);   // 4
        write(3);       // 5
        write(4);       // 6
        end(3, false);  // 7
    }
    void check_scenario() {
        EXPECT_THAT(value_of(log_->aborted_transactions(Offset{0}, Offset{8})),
                    ElementsAre(aborted(1, 0, 3, 1), aborted(3, 5, 7, 6)));
        EXPECT_THAT(value_of(log_->aborted_transactions(Offset{4}, Offset{8})),
                    ElementsAre(aborted(3, 5, 7, 6)));
        EXPECT_THAT(value_of(log_->aborted_transactions(Offset{0}, Offset{5})),
                    ElementsAre(aborted(1, 0, 3, 1)));
        EXPECT_THAT(value_of(log_->aborted_transactions(Offset{4}, Offset{5})), IsEmpty());
        log_->on_high_watermark(Offset{8});
        EXPECT_EQ(log_->first_unstable_offset(), Offset{6});
        log_->check_invariants();
    }
    std::map<std::int64_t, int> sequences_;
};

TEST_F(LogTxnTest, AbortedTransactionsAndTheStableOffset) {
    open();
    scenario();
    EXPECT_EQ(log_->first_unstable_offset(), Offset{0}) << "no marker is replicated yet";
    log_->on_high_watermark(Offset{4});
    EXPECT_EQ(log_->first_unstable_offset(), Offset{1});
    check_scenario();
}

TEST_F(LogTxnTest, SurviveACleanShutdown) {
    open();
    scenario();
    expect_ok(log_->close(now_));
    EXPECT_EQ(disk_.bytes(path("00000000000000000000.txnindex")).size(), 2 * 34U);
    open(Shutdown::clean);
    EXPECT_EQ(log_->recovery_report().scanned_bytes, 0U);
    check_scenario();
    end(4, true);
    log_->on_high_watermark(Offset{9});
    EXPECT_EQ(log_->first_unstable_offset(), std::nullopt);
}

TEST_F(LogTxnTest, AreRebuiltAfterACrash) {
    settings_.segment_bytes = 400;  // the transactions span segments
    open();
    scenario();
    EXPECT_GT(log_->segment_count(), 2U);
    kill();
    open(Shutdown::unclean);
    check_scenario();
    // A snapshot in the middle has to do as well as the beginning.
    kill();
    open(Shutdown::unclean, Offset{5});
    check_scenario();
}

TEST_F(LogTxnTest, ADamagedTxnIndexIsRebuiltAfterACleanShutdown) {
    open();
    scenario();
    expect_ok(log_->close(now_));
    disk_.bytes(path("00000000000000000000.txnindex")).resize(50);
    open(Shutdown::clean);
    check_scenario();
}

TEST_F(LogTxnTest, AReadKnowsABoundForItsAbortedTransactions) {
    settings_.index_interval_bytes = 300;
    settings_.segment_bytes = 4'000;
    open();
    for (int i = 0; i < 60; ++i) append();
    for (std::int64_t from = 0; from < 60; ++from) {
        for (const std::uint64_t max_bytes : {1U, 500U, 2'000U}) {
            const auto read =
                value_of(log_->read(Offset{from}, max_bytes, FirstBatch::always_whole, Offset{60}));
            std::vector<std::uint8_t> bytes(read.slice.length);
            read.slice.source->read_some(read.slice.position, bytes);
            Offset last{0};
            BatchSplitter split(bytes);
            while (split.next()) last = split.batch().last_offset();
            const Offset bound = value_of(log_->upper_bound_of(read));
            EXPECT_GT(bound, last);
            EXPECT_LE(bound, log_->log_end_offset());
        }
    }
}

TEST_F(LogTxnTest, TruncationReopensATransaction) {
    open();
    scenario();
    expect_ok(log_->truncate_to(Offset{7}, now_));
    log_->on_high_watermark(Offset{7});
    EXPECT_EQ(log_->first_unstable_offset(), Offset{5});
    EXPECT_THAT(value_of(log_->aborted_transactions(Offset{0}, Offset{7})),
                ElementsAre(aborted(1, 0, 3, 1)));
}

}  // namespace
}  // namespace milena::log::test
