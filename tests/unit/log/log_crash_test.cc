// A crash at every call that changes something, with and without power: what was synced is there,
// what is there is a prefix of what was written, and the log goes on from it. And the same again
// while it recovers.

#include "log/producer_state.h"
#include "protocol/base/logger.h"
#include "protocol/base/random.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

// What a client of the log was told.
struct Promises {
    std::vector<std::vector<std::uint8_t>> written;  // batches in order, as stored
    std::vector<Offset> bases;
    Offset end{0};
    Offset synced{0};          // acknowledged as durable
    Offset recovery_point{0};  // as the checkpoint has it
    Offset start{0};
};

class LogCrashTest : public testing::Test {
  protected:
    static constexpr const char* kDirectory = "/data/orders-0";

    LogCrashTest() {
        set_log_level(LogLevel::off);
        settings_.segment_bytes = 700;
        settings_.index_interval_bytes = 200;
        settings_.file_delete_delay_ms = Millis{0};
        settings_.retention_ms.reset();
        settings_.retention_bytes = 2'000;
    }

    OpenOptions options(Shutdown shutdown, const Promises& promises) const {
        OpenOptions options;
        options.settings = settings_;
        options.shutdown = shutdown;
        options.recovery_point = promises.recovery_point;
        options.log_start_offset = promises.start;
        options.now = now_;
        return options;
    }

    // Runs until a call fails. Every step that returns is a promise.
    void run(MemoryDisk& disk, Promises& told) {
        auto opened = PartitionLog::open(disk, kDirectory, options(Shutdown::unclean, told));
        if (!opened) return;
        PartitionLog& log = **opened;
        for (int i = 0; i < 14; ++i) {
            auto batch = make_batch(
                {.records = 1 + i % 3,
                 .timestamp = 1'000 + i,
                 .producer_id = ProducerId{1},
                 .producer_epoch = ProducerEpoch{0},
                 .base_sequence = Sequence{static_cast<int>(log.log_end_offset().value())}});
            const auto info = log.append_as_leader(batch, LeaderEpoch{i / 5}, now_);
            if (!info) return;
            told.written.push_back(batch);
            told.bases.push_back(info->first_offset);
            told.end = log.log_end_offset();
            if (i % 2 == 1) {
                if (!log.sync(SyncScope::data)) return;
                told.synced = log.synced_offset();
            }
            if (i % 5 == 4) {
                if (!log.sync(SyncScope::everything)) return;
                told.recovery_point = log.recovery_point();
            }
            if (i == 11) {
                if (!log.delete_old_segments(told.synced, now_)) return;
                told.start = log.log_start_offset();
                if (!log.remove_deleted_files(now_.mono)) return;
            }
        }
        if (!log.close(now_)) return;
        told.synced = told.end;
    }

    // Opens what the crash left and compares it with what was promised.
    void verify(MemoryDisk& disk, const Promises& told, const std::string& where) {
        SCOPED_TRACE(where);
        const auto log =
            value_of(PartitionLog::open(disk, kDirectory, options(Shutdown::unclean, told)));
        log->check_invariants();
        ASSERT_GE(log->log_end_offset(), told.synced) << "acknowledged records are gone";
        Offset next = log->log_start_offset();
        ASSERT_LE(next, std::max(told.start, told.synced));
        std::size_t i = 0;
        while (i < told.bases.size() && told.bases[i] < next) ++i;
        while (next < log->log_end_offset()) {
            const auto read =
                value_of(log->read(next, 1, FirstBatch::always_whole, log->log_end_offset()));
            ASSERT_FALSE(read.empty());
            std::vector<std::uint8_t> bytes(read.slice.length);
            read.slice.source->read_some(read.slice.position, bytes);
            const BatchView batch{ByteView(bytes)};
            ASSERT_TRUE(batch.crc_matches());
            next = batch.last_offset() + 1;
            // The append under way when the crash came may be there or not.
            if (i == told.bases.size()) break;
            ASSERT_EQ(batch.base_offset(), told.bases[i]);
            ASSERT_EQ(bytes, told.written[i]);
            ++i;
        }
        const auto* producer = log->producers().find(ProducerId{1});
        if (log->log_end_offset() > log->log_start_offset()) {
            ASSERT_NE(producer, nullptr);
            EXPECT_EQ(producer->last_sequence().value() + 1, log->log_end_offset().value());
        }
        auto batch = make_batch();
        EXPECT_EQ(value_of(log->append_as_leader(batch, LeaderEpoch{99}, now_)).first_offset, next);
    }

    // Makes every changing call from the n-th on fail: the process is gone by then.
    static void die_after(MemoryDisk& disk, std::uint64_t calls) {
        disk.fault = [&disk, limit = disk.operations + calls](
                         Operation, const std::string&) -> std::optional<IoCause> {
            if (disk.operations > limit) return IoCause::broken;
            return std::nullopt;
        };
    }

    static std::unique_ptr<MemoryDisk> fresh() {
        auto disk = std::make_unique<MemoryDisk>();
        expect_ok(disk->make_dir("/data"));
        expect_ok(disk->make_dir(kDirectory));
        return disk;
    }

    LogSettings settings_;
    LogTime now_{TimestampMs{1'000'000}, MonoTime{}};
};

TEST_F(LogCrashTest, AtEveryCallAndThenAtEveryCallOfTheRecovery) {
    const auto whole = fresh();
    Promises all;
    run(*whole, all);
    ASSERT_EQ(all.synced, all.end) << "the scenario runs to its end when nothing fails";
    const std::uint64_t calls = whole->operations;
    ASSERT_GT(calls, 100U);
    int recoveries = 0;
    for (std::uint64_t at = 0; at <= calls; ++at) {
        for (const bool power_cut : {false, true}) {
            const auto disk = fresh();
            Promises told;
            die_after(*disk, at);
            run(*disk, told);
            disk->fault = nullptr;
            if (power_cut) disk->lose_unsynced();
            const std::string where =
                "call " + std::to_string(at) + (power_cut ? ", power cut" : ", killed");
            for (std::uint64_t again = 0;; ++again) {
                const auto copy = disk->clone();
                die_after(*copy, again);
                const bool recovered =
                    PartitionLog::open(*copy, kDirectory, options(Shutdown::unclean, told))
                        .has_value();
                copy->fault = nullptr;
                if (power_cut) copy->lose_unsynced();
                verify(*copy, told, where + ", again at call " + std::to_string(again));
                ++recoveries;
                if (recovered || HasFatalFailure()) break;
            }
            if (HasFailure()) return;
        }
    }
    RecordProperty("recoveries", recoveries);
    EXPECT_GT(recoveries, 1'000);
}

// A test that cannot fail is none: without syncs, a power cut must lose something here.
TEST_F(LogCrashTest, WithoutSyncsAPowerCutLosesRecords) {
    const auto disk = fresh();
    Promises none;
    const auto log =
        value_of(PartitionLog::open(*disk, kDirectory, options(Shutdown::unclean, none)));
    auto batch = make_batch();
    value_of(log->append_as_leader(batch, LeaderEpoch{0}, now_));
    disk->lose_unsynced();
    const auto again =
        value_of(PartitionLog::open(*disk, kDirectory, options(Shutdown::unclean, none)));
    EXPECT_EQ(again->log_end_offset(), Offset{0});
}

}  // namespace
}  // namespace milena::log::test
