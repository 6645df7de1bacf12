// Everything a log can be asked to do, in random order, against a model that is a list of batches.

#include "tests/unit/log/support/log_model.h"

#include "log/epoch_cache.h"
#include "log/producer_state.h"
#include "protocol/base/random.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

class LogModelTest : public LogTest {
  protected:
    void begin(std::uint64_t seed) {
        random_ = SeededRandom(seed);
        settings_.segment_bytes = 3'000;
        settings_.index_interval_bytes = 400;
        settings_.retention_ms.reset();
        open();
    }

    std::int64_t below(std::int64_t bound) {
        return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound)));
    }
    Offset any_offset() { return model_.start + below(model_.end - model_.start + 1); }

    void add_batch() {
        const bool leader = below(2) == 0;
        auto batch = make_batch({.records = static_cast<int>(1 + below(4)),
                                 .timestamp = below(10'000),
                                 .value_bytes = random_.below(400)});
        if (below(5) == 0) epoch_ = epoch_ + 1;
        if (leader) {
            value_of(log_->append_as_leader(batch, epoch_, now_));
        } else {
            set_base_offset(batch, model_.end + below(3));
            set_leader_epoch(batch, epoch_);
            value_of(log_->append_as_follower(batch, now_));
        }
        const BatchView view{ByteView(batch)};
        model_.batches.push_back(
            {view.base_offset(), view.last_offset(), epoch_, view.max_timestamp(), batch});
        model_.end = view.last_offset() + 1;
    }

    void reopen() {
        const bool clean = below(2) == 0;
        const Offset point = log_->recovery_point();
        if (clean) expect_ok(log_->close(now_));
        kill();
        OpenOptions options;
        options.settings = settings_;
        options.shutdown = clean ? Shutdown::clean : Shutdown::unclean;
        options.recovery_point = below(2) == 0 ? point : Offset{0};
        options.log_start_offset = model_.start;
        options.now = now_;
        log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
        // Offsets behind the last batch that nothing was written to are not remembered.
        ASSERT_LE(log_->log_end_offset(), model_.end);
        const Offset written =
            model_.batches.empty() ? model_.start : model_.batches.back().last + 1;
        ASSERT_GE(log_->log_end_offset(), std::max(model_.start, written));
        model_.end = log_->log_end_offset();
    }

    void remove_oldest() {
        settings_.retention_bytes = random_.below(10'000);
        log_->update_settings(settings_);
        value_of(log_->delete_old_segments(any_offset(), now_));
        model_.start = log_->log_start_offset();
        if (below(2) == 0) expect_ok(log_->remove_deleted_files(now_.mono + std::chrono::hours(1)));
    }

    void step() {
        const auto operation = below(12);
        SCOPED_TRACE("operation " + std::to_string(operation));
        switch (operation) {
            case 0:
                expect_ok(log_->roll(now_));
                break;
            case 1: {
                const Offset to = below(4) == 0 ? any_offset() : model_.end - below(4);
                if (to < model_.start) break;
                expect_ok(log_->truncate_to(to, now_));
                model_.truncate_to(to);
                break;
            }
            case 2: {
                const Offset to = any_offset();
                expect_ok(log_->advance_log_start_offset(to));
                model_.start = to;
                break;
            }
            case 3:
                remove_oldest();
                break;
            case 4:
                reopen();
                break;
            case 5:
                expect_ok(log_->sync(below(2) == 0 ? SyncScope::data : SyncScope::everything));
                break;
            case 6:
                expect_ok(log_->give_back_memory());
                break;
            default:
                add_batch();
        }
    }

    void compare() {
        log_->check_invariants();
        ASSERT_EQ(log_->log_start_offset(), model_.start);
        ASSERT_EQ(log_->log_end_offset(), model_.end);
        std::vector<std::int64_t> expected;
        for (const auto* batch : model_.range(model_.start, model_.end)) {
            expected.push_back(batch->base.value());
        }
        ASSERT_EQ(batch_offsets(700), expected);
        const Offset somewhere = any_offset();
        const auto at = value_of(log_->read(somewhere, 1, FirstBatch::always_whole, model_.end));
        const auto wanted = model_.range(somewhere, model_.end);
        ASSERT_EQ(at.first_offset, wanted.empty() ? kNoOffset : wanted.front()->base);
    }

    SeededRandom random_{0};
    LogModel model_;
    LeaderEpoch epoch_{0};
};

TEST_F(LogModelTest, RandomOperations) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    for (std::uint64_t run = 0; run < 8; ++run) {
        SCOPED_TRACE("seed " + std::to_string(seed + run));
        kill();
        disk_ = MemoryDisk();
        expect_ok(disk_.make_dir("/data"));
        model_ = LogModel();
        epoch_ = LeaderEpoch{0};
        begin(seed + run);
        for (int i = 0; i < 250; ++i) {
            SCOPED_TRACE("step " + std::to_string(i));
            step();
            compare();
            if (HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace milena::log::test
