// How long a partition knows its producers: whatever happens to the segments with their batches,
// what they send twice is refused, until they have been silent for producer.id.expiration.ms or too
// many others have come.

#include "log/producer_state.h"
#include "tests/unit/log/support/cleaner_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

class ProducerLifetimeTest : public CleanerTest {
  protected:
    ProducerLifetimeTest() {
        settings_.cleanup_policy = CleanupPolicy::compact_and_remove;
        settings_.retention_ms.reset();
    }

    static KeyedBatch of_producer(std::int64_t id, int sequence, std::string key = "a") {
        return {.records = {{std::move(key), "1"}},
                .timestamp = 900'000,
                .producer_id = ProducerId{id},
                .producer_epoch = ProducerEpoch{0},
                .base_sequence = Sequence{sequence}};
    }
    bool is_duplicate(std::int64_t id, int sequence) {
        const auto bytes = make_keyed(of_producer(id, sequence));
        return value_of(log_->check_producer(bytes, AppendOrigin::client)).has_value();
    }
    // Everything but the active segment goes.
    void remove_old() {
        expect_ok(log_->advance_log_start_offset(log_->active_segment_base()));
        value_of(log_->delete_old_segments(log_->log_end_offset(), now_));
        expect_ok(log_->remove_deleted_files(now_.mono + std::chrono::hours(1)));
    }
};

TEST_F(ProducerLifetimeTest, DuplicatesAreRefusedWhateverHappensToTheirSegments) {
    struct Step {
        const char* name;
        std::function<void()> run;
    };
    const std::vector<Step> steps{
        {"roll", [&] { roll(); }},
        {"compaction", [&] { clean(); }},
        {"retention", [&] { remove_old(); }},
        {"clean restart", [&] { restart(Shutdown::clean); }},
        {"crash", [&] { restart(Shutdown::unclean); }},
        {"others write", [&] { put("a", "2"); }},
    };
    // Every pair of steps, three times over, each on a log of its own.
    for (const Step& first : steps) {
        for (const Step& second : steps) {
            SCOPED_TRACE(std::string(first.name) + ", " + second.name);
            kill();
            disk_ = MemoryDisk();
            expect_ok(disk_.make_dir("/data"));
            open();
            put(of_producer(1, 0));
            put(of_producer(2, 0, "b"));
            put(of_producer(1, 1));
            for (int times = 0; times < 3; ++times) {
                first.run();
                ASSERT_TRUE(is_duplicate(1, 1));
                ASSERT_TRUE(is_duplicate(2, 0));
                second.run();
                ASSERT_TRUE(is_duplicate(1, 1));
                ASSERT_TRUE(is_duplicate(2, 0));
            }
            // What comes next is taken, and only once.
            ASSERT_FALSE(is_duplicate(1, 2));
            put(of_producer(1, 2));
            ASSERT_TRUE(is_duplicate(1, 2));
        }
    }
}

TEST_F(ProducerLifetimeTest, OpenTransactionsAreTheSameWhateverHappensBeforeThem) {
    open();
    put_in_transaction(7, "a", "1");
    end_transaction(7, false);
    put("b", "1");
    roll();
    put_in_transaction(7, "c", "1");
    put_in_transaction(8, "d", "1");
    log_->on_high_watermark(log_->log_end_offset());
    const auto first = log_->first_unstable_offset();
    ASSERT_EQ(first, Offset{3});
    for (int round = 0; round < 3; ++round) {
        clean();
        for (const auto shutdown : {Shutdown::clean, Shutdown::unclean}) {
            restart(shutdown);
            ASSERT_EQ(log_->first_unstable_offset(), first);
            ASSERT_TRUE(log_->has_open_transaction(ProducerId{7}, ProducerEpoch{0}));
            ASSERT_TRUE(log_->has_open_transaction(ProducerId{8}, ProducerEpoch{0}));
        }
    }
    end_transaction(8, false);
    end_transaction(7, true);
    log_->on_high_watermark(log_->log_end_offset());
    EXPECT_FALSE(log_->first_unstable_offset());
    EXPECT_EQ(value_of(log_->aborted_transactions(Offset{3}, log_->log_end_offset())),
              (std::vector{AbortedTransaction{ProducerId{8}, Offset{4}, Offset{5}, Offset{3}}}));
}

TEST_F(ProducerLifetimeTest, WhoIsSilentForTooLongIsForgottenAlsoByARestart) {
    settings_.producer_id_expiration_ms = Millis{1'000'000};
    open();
    put(of_producer(1, 0));
    later(Millis{899'999});
    log_->expire_producers(now_.wall);
    EXPECT_TRUE(is_duplicate(1, 0));
    later(Millis{1});
    log_->expire_producers(now_.wall);
    EXPECT_FALSE(is_duplicate(1, 0));
    EXPECT_EQ(log_->producer_count(), 0U);

    put(of_producer(2, 0));
    restart(Shutdown::clean);
    EXPECT_EQ(log_->producer_count(), 0U) << "its last batch is as old";
}

TEST_F(ProducerLifetimeTest, ThereIsABoundAndTheOldestGiveWay) {
    settings_.max_producer_ids = 80;
    open();
    for (int i = 0; i < 400; ++i) {
        auto batch = of_producer(i, 0);
        batch.timestamp += i;
        put(batch);
        ASSERT_LE(log_->producer_count(), 80U);
    }
    EXPECT_GE(log_->producer_count(), 70U);
    EXPECT_TRUE(is_duplicate(399, 0));
    EXPECT_FALSE(is_duplicate(0, 0));
    restart(Shutdown::unclean);
    EXPECT_LE(log_->producer_count(), 80U);
    EXPECT_TRUE(is_duplicate(399, 0));
}

TEST_F(ProducerLifetimeTest, TransactionsAreKeptBeyondTheBound) {
    settings_.max_producer_ids = 8;
    open();
    for (int i = 0; i < 20; ++i) put_in_transaction(i, "a", "1");
    EXPECT_EQ(log_->producer_count(), 20U);
    for (int i = 0; i < 20; ++i) end_transaction(i, true);
    put(of_producer(100, 0));
    put(of_producer(101, 0));
    EXPECT_LE(log_->producer_count(), 8U);
    log_->check_invariants();
}

}  // namespace
}  // namespace milena::log::test
