// A crash at every call of a round of compaction, with and without power, and again at every call
// of the recovery: the table of keys is what it was, every offset is there once, the log goes on.

#include "tests/unit/log/support/cleaner_fixture.h"
#include "tests/unit/log/support/crash_matrix.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

class CleanCrashTest : public CleanerTest {
  protected:
    CleanCrashTest() {
        settings_.segment_bytes = 400;
        settings_.index_interval_bytes = 100;
        settings_.delete_retention_ms = Millis{0};
    }

    OpenOptions options(Offset recovery_point) const {
        OpenOptions options;
        options.settings = settings_;
        options.recovery_point = recovery_point;
        options.now = now_;
        return options;
    }

    // Keys that are overwritten and removed, transactions that commit and abort, three segments
    // and more; everything synced.
    void fill() {
        for (int i = 0; i < 24; ++i) {
            const std::string key(1, static_cast<char>('a' + i % 5));
            if (i % 7 == 3) {
                remove(key);
            } else if (i % 4 == 1) {
                put_in_transaction(1, key, "t" + std::to_string(i));
                end_transaction(1, i % 8 == 1);
            } else {
                put(key, std::to_string(i));
            }
        }
        roll();
        expect_ok(log_->sync(SyncScope::everything));
        log_->on_high_watermark(log_->log_end_offset());
    }

    static void die_after(MemoryDisk& disk, std::uint64_t calls) {
        disk.fault = [&disk, limit = disk.operations + calls](
                         Operation, const std::string&) -> std::optional<IoCause> {
            if (disk.operations > limit) return IoCause::broken;
            return std::nullopt;
        };
    }

    // Why some of the log cannot be read, if so.
    static std::optional<std::string> unreadable(const PartitionLog& log) {
        const Offset end = log.log_end_offset();
        if (const auto aborted = log.aborted_transactions(Offset{0}, end); !aborted) {
            return aborted.error().detail;
        }
        for (Offset next = log.log_start_offset(); next < end;) {
            const auto read = log.read(next, 1, FirstBatch::always_whole, end);
            if (!read) return read.error().detail;
            if (read->empty()) break;
            std::vector<std::uint8_t> bytes(read->slice.length);
            read->slice.source->read_some(read->slice.position, bytes);
            const BatchView batch{ByteView(bytes)};
            if (!batch.crc_matches()) return "a damaged batch";
            next = batch.last_offset() + 1;
        }
        return std::nullopt;
    }

    struct Expected {
        Offset end;
        std::map<std::string, std::string> table;
        std::set<std::int64_t> offsets;  // of what was readable before
    };

    void verify(MemoryDisk& disk, const Expected& expected, const std::string& where,
                bool clean_again) {
        SCOPED_TRACE(where);
        const auto log = value_of(PartitionLog::open(disk, kDirectory, options(expected.end)));
        log->check_invariants();
        ASSERT_EQ(log->log_end_offset(), expected.end);
        log->on_high_watermark(expected.end);
        EXPECT_FALSE(log->first_unstable_offset());
        const auto records = read_committed(*log, Offset{0});
        ASSERT_EQ(table_of(records), expected.table);
        std::int64_t before = -1;
        for (const StoredRecord& record : records) {
            ASSERT_GT(record.offset, before) << "offsets ascend, each is there once";
            ASSERT_TRUE(expected.offsets.contains(record.offset));
            before = record.offset;
        }
        auto batch = make_keyed({.records = {{"new", "1"}}});
        ASSERT_EQ(value_of(log->append_as_leader(batch, LeaderEpoch{9}, now_)).first_offset,
                  expected.end);
        if (!clean_again) return;
        // The next round works as if nothing had been.
        expect_ok(log->roll(now_));
        expect_ok(log->sync(SyncScope::everything));
        log->on_high_watermark(log->log_end_offset());
        value_of(compact(*log, now_));
        auto table = expected.table;
        table["new"] = "1";
        ASSERT_EQ(table_of(read_committed(*log, Offset{0})), table);
    }
};

TEST_F(CleanCrashTest, AtEveryCallOfARoundAndThenOfTheRecovery) {
    open();
    fill();
    const auto records = read_committed(*log_, Offset{0});
    Expected expected{log_->log_end_offset(), table_of(records), {}};
    for (const StoredRecord& record : records) expected.offsets.insert(record.offset);
    const auto before = disk_.clone();
    ASSERT_GT(log_->segment_count(), 4U);
    kill();

    int recoveries = 0;
    bool finished = false;
    for (std::uint64_t at = 0; !finished; ++at) {
        for (const bool power_cut : {false, true}) {
            const auto disk = before->clone();
            {
                const auto log =
                    value_of(PartitionLog::open(*disk, kDirectory, options(expected.end)));
                log->on_high_watermark(log->log_end_offset());
                die_after(*disk, at);
                const auto round = compact(*log, now_);
                finished = round.has_value();
                // What a reader sees of a log whose swap has failed is still the whole of it.
                if (!finished) {
                    disk->fault = nullptr;
                    ASSERT_EQ(table_of(read_committed(*log, Offset{0})), expected.table)
                        << "call " << at;
                }
            }
            disk->fault = nullptr;
            if (power_cut) disk->lose_unsynced();
            // Every third call of the recovery, and all of them over three calls of the round.
            for (std::uint64_t again = at % 3;; again += 3) {
                const auto copy = disk->clone();
                die_after(*copy, again);
                const bool recovered =
                    PartitionLog::open(*copy, kDirectory, options(expected.end)).has_value();
                copy->fault = nullptr;
                if (power_cut) copy->lose_unsynced();
                verify(*copy, expected,
                       "call " + std::to_string(at) + (power_cut ? ", power cut" : ", killed") +
                           ", again at call " + std::to_string(again),
                       recovered);
                ++recoveries;
                if (recovered || HasFatalFailure()) break;
            }
            if (HasFailure()) return;
        }
    }
    RecordProperty("recoveries", recoveries);
    EXPECT_GT(recoveries, 1'000);
}

// Every state that the file system may leave, not only those of a whole call done or not done.
TEST_F(CleanCrashTest, WhateverPartOfARoundTheDeviceHasSeen) {
    CrashDisk before;
    log_ = value_of(PartitionLog::open(before, kDirectory, options(Offset{0})));
    fill();
    const Offset end = log_->log_end_offset();
    const auto table = table_of(read_committed(*log_, Offset{0}));
    kill();

    CrashDisk disk(before.now());
    {
        const auto log = value_of(PartitionLog::open(disk, kDirectory, options(end)));
        log->on_high_watermark(end);
        ASSERT_GT(value_of(compact(*log, now_)).swapped, 1U);
    }
    const auto check = [&](DiskImage image, std::size_t,
                           std::vector<Change>* recovery) -> std::optional<std::string> {
        CrashDisk copy(std::move(image));
        const auto log = PartitionLog::open(copy, kDirectory, options(end));
        if (!log) return "does not open: " + log.error().detail;
        if (recovery != nullptr) *recovery = copy.changes();
        (*log)->check_invariants();
        (*log)->on_high_watermark(end);
        if ((*log)->log_end_offset() != end) return "the log ends elsewhere";
        if (const auto wrong = unreadable(**log)) return wrong;
        const auto left = read_committed(**log, Offset{0});
        if (table_of(left) != table) return "the table of keys has changed";
        for (std::size_t i = 1; i < left.size(); ++i) {
            if (left[i - 1].offset >= left[i].offset) return "an offset is there twice";
        }
        return std::nullopt;
    };
    const MatrixOptions matrix{.recoveries = recovery_budget(), .seed = crash_seed()};
    const auto result = crash_everywhere(disk.start(), disk.changes(), matrix, check);
    EXPECT_THAT(result.violations, testing::IsEmpty()) << "MILENA_SEED=" << matrix.seed;
    EXPECT_GT(result.recoveries, 1'000U);

    // A device that forgets what it was told to sync is noticed.
    for (const bool directories : {false, true}) {
        auto careless = matrix;
        (directories ? careless.ignore_directory_syncs : careless.ignore_syncs) = true;
        EXPECT_THAT(crash_everywhere(disk.start(), disk.changes(), careless, check).violations,
                    testing::Not(testing::IsEmpty()));
    }
}

// A test that cannot fail is none: files that took their names before they were synced would lose
// records here.
TEST_F(CleanCrashTest, WithoutSyncsAPowerCutAfterTheSwapLosesRecords) {
    open();
    fill();
    const auto table = table_of(read_committed(*log_, Offset{0}));
    const Offset end = log_->log_end_offset();
    value_of(compact(*log_, now_));
    kill();
    const auto copy = disk_.clone();
    for (const auto& name : copy->paths()) {
        if (name.ends_with(".log")) copy->bytes(name).clear();
    }
    const auto log = value_of(PartitionLog::open(*copy, kDirectory, options(end)));
    EXPECT_NE(table_of(read_committed(*log, log->log_start_offset())), table);
}

}  // namespace
}  // namespace milena::log::test
