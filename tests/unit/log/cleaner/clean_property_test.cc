// Random workloads with tombstones, transactions, codecs and duplicates, compacted at random
// moments by maps of random sizes, against what was there before each round.

#include "log/producer_state.h"
#include "protocol/base/random.h"
#include "tests/unit/log/support/cleaner_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

class CleanPropertyTest : public CleanerTest {
  protected:
    void begin(std::uint64_t seed) {
        random_ = SeededRandom(seed);
        kill();
        disk_ = MemoryDisk();
        expect_ok(disk_.make_dir("/data"));
        sequences_.clear();
        in_transaction_.clear();
        settings_.segment_bytes = 600 + random_.below(3'000);
        settings_.index_interval_bytes = 300;
        settings_.delete_retention_ms = Millis{static_cast<std::int64_t>(random_.below(30'000))};
        open();
    }

    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

    KeyedBatch any_batch() {
        KeyedBatch batch;
        const std::uint64_t count = 1 + below(5);
        for (std::uint64_t i = 0; i < count; ++i) {
            KeyedRecord record{"k" + std::to_string(below(12)), std::nullopt};
            if (below(4) != 0) record.value = std::to_string(below(1'000'000));
            batch.records.push_back(record);
        }
        batch.codec = static_cast<Codec>(below(5));
        batch.timestamp = now_.wall.value() - static_cast<std::int64_t>(below(1'000));
        return batch;
    }

    void write() {
        KeyedBatch batch = any_batch();
        const auto producer = static_cast<std::int64_t>(below(5));
        if (producer > 0) {
            // 1 and 2 are idempotent, 3 and 4 transactional.
            batch.producer_id = ProducerId{producer};
            batch.producer_epoch = ProducerEpoch{0};
            batch.base_sequence = Sequence{sequences_[producer]};
            batch.transactional = producer > 2;
            sequences_[producer] += static_cast<int>(batch.records.size());
            if (batch.transactional) in_transaction_.insert(producer);
        }
        const auto bytes = make_keyed(batch);
        put(batch);
        if (producer > 0) last_[producer] = bytes;
    }

    void end_one() {
        if (in_transaction_.empty()) return;
        const std::int64_t producer = *in_transaction_.begin();
        in_transaction_.erase(producer);
        end_transaction(producer, below(2) == 0);
    }

    // A round may take away what later records replace, and nothing else.
    void round() {
        expect_ok(log_->sync(SyncScope::everything));
        log_->on_high_watermark(log_->log_end_offset());
        const auto before = read_committed(*log_, log_->log_start_offset());
        const auto aborted_before = stored_records(read_bytes(*log_)).size();
        const Offset end = log_->log_end_offset();
        const auto unstable = log_->first_unstable_offset();
        const std::uint64_t memory = below(3) == 0 ? 2'000 : 1U << 20U;
        value_of(compact(*log_, now_, memory));
        log_->check_invariants();

        const auto after = read_committed(*log_, log_->log_start_offset());
        ASSERT_EQ(table_of(after), table_of(before));
        ASSERT_EQ(log_->log_end_offset(), end);
        ASSERT_EQ(log_->first_unstable_offset(), unstable);
        ASSERT_LE(stored_records(read_bytes(*log_)).size(), aborted_before);
        // What is left is a part of what was there, in order, unchanged.
        std::size_t i = 0;
        for (const StoredRecord& record : after) {
            while (i < before.size() && before[i] != record) ++i;
            ASSERT_LT(i, before.size()) << "offset " << record.offset << " was not there before";
        }
        // Where nothing was cleaned nothing has changed.
        const Offset cleaned = log_->cleaned_to();
        const auto later_than = [&](const std::vector<StoredRecord>& records) {
            std::vector<StoredRecord> found;
            for (const StoredRecord& record : records) {
                if (record.offset >= std::max(cleaned, log_->active_segment_base()).value()) {
                    found.push_back(record);
                }
            }
            return found;
        };
        ASSERT_EQ(later_than(after), later_than(before));
        check_duplicates();
    }

    void check_duplicates() {
        for (const auto& [producer, bytes] : last_) {
            ASSERT_TRUE(value_of(log_->check_producer(bytes, AppendOrigin::client)))
                << "producer " << producer << " could write its last batch again";
        }
    }

    // Cleanly, or not and then perhaps without any snapshot of the producers.
    void restart_somehow() {
        const bool clean = below(2) == 0;
        log_->on_high_watermark(log_->log_end_offset());
        const auto before = read_committed(*log_, log_->log_start_offset());
        const auto unstable = log_->first_unstable_offset();
        if (!clean && below(2) == 0) {
            for (const auto& found : disk_.paths()) {
                if (found.ends_with(".snapshot")) expect_ok(disk_.remove(found));
            }
        }
        restart(clean ? Shutdown::clean : Shutdown::unclean);
        ASSERT_EQ(read_committed(*log_, log_->log_start_offset()), before);
        ASSERT_EQ(log_->first_unstable_offset(), unstable);
        check_duplicates();
    }

    void step() {
        const std::uint64_t what = below(20);
        SCOPED_TRACE("step of kind " + std::to_string(what));
        later(Millis{static_cast<std::int64_t>(below(2'000))});
        if (what < 12) return write();
        if (what < 15) return end_one();
        if (what == 15) return roll();
        if (what < 19) return round();
        restart_somehow();
    }

    SeededRandom random_{0};
    std::set<std::int64_t> in_transaction_;
    std::map<std::int64_t, std::vector<std::uint8_t>> last_;
};

TEST_F(CleanPropertyTest, RandomLogsKeepTheirMeaning) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    for (std::uint64_t run = 0; run < 12; ++run) {
        SCOPED_TRACE("seed " + std::to_string(seed + run));
        last_.clear();
        begin(seed + run);
        for (int i = 0; i < 150; ++i) {
            SCOPED_TRACE("step " + std::to_string(i));
            step();
            if (HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace milena::log::test
