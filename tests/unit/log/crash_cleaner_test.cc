// The cleaner under the crash matrix: after any crash the old segments are there or the new ones,
// and every key has the value that it had.

#include "log/dump.h"
#include "protocol/base/logger.h"
#include "tests/unit/log/support/cleaner_fixture.h"
#include "tests/unit/log/support/crash_matrix.h"

#include <cstdio>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

constexpr const char* kDirectory = "/data/keyed-0";
const LogTime kNow{TimestampMs{1'000'000}, MonoTime{}};

using Table = std::map<std::string, std::string>;

struct Account {
    std::vector<Table> tables{{}};  // after so many records
    struct Told {
        std::size_t changes = 0;
        Offset synced{0};
        Offset recovery_point{0};
    };
    std::vector<Told> told;
};

OpenOptions options_with(Offset recovery_point) {
    OpenOptions options;
    options.settings.cleanup_policy = CleanupPolicy::compact;
    options.settings.segment_bytes = 600;
    options.settings.index_interval_bytes = 100;
    options.settings.file_delete_delay_ms = Millis{0};
    options.settings.delete_retention_ms = Millis{0};
    options.recovery_point = recovery_point;
    options.now = kNow;
    return options;
}

void compact_twice(CrashDisk& disk, Account& account) {
    expect_ok(disk.make_dir(kDirectory));
    expect_ok(disk.sync_dir("/"));
    expect_ok(disk.sync_dir("/data"));
    const auto log = value_of(PartitionLog::open(disk, kDirectory, options_with(Offset{0})));
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 14; ++i) {
            const std::string key = "key-" + std::to_string(i * (round + 1) % 5);
            const std::string value = "value-" + std::to_string(round) + "-" + std::to_string(i);
            auto table = account.tables.back();
            KeyedRecord record{key, value};
            if (i == 9) record.value.reset();
            if (record.value) {
                table[key] = value;
            } else {
                table.erase(key);
            }
            account.tables.push_back(std::move(table));
            auto batch = make_keyed({.records = {record}});
            value_of(log->append_as_leader(batch, LeaderEpoch{0}, kNow));
        }
        expect_ok(log->roll(kNow));
        expect_ok(log->sync(SyncScope::everything));
        account.told.push_back(
            {disk.changes().size(), log->synced_offset(), log->recovery_point()});
        log->on_high_watermark(log->log_end_offset());
        const auto cleaned = value_of(compact(*log, kNow));
        EXPECT_NE(cleaned.up_to, kNoOffset);
        expect_ok(log->remove_deleted_files(kNow.mono));
    }
}

std::optional<std::string> look(DiskImage image, std::size_t changes, const Account& account,
                                std::vector<Change>* recovery) {
    Account::Told told;
    for (const auto& each : account.told) {
        if (each.changes <= changes) told = each;
    }
    CrashDisk disk(std::move(image));
    const auto opened = PartitionLog::open(disk, kDirectory, options_with(told.recovery_point));
    if (recovery != nullptr) *recovery = disk.changes();
    if (!opened) return "it cannot be opened: " + opened.error().detail;
    PartitionLog& log = **opened;
    log.check_invariants();
    if (log.log_end_offset() < told.synced) return "synced records are gone";
    const auto end = static_cast<std::size_t>(log.log_end_offset().value());
    if (end >= account.tables.size()) return "records were invented";
    if (table_of(read_committed(log, Offset{0})) != account.tables[end]) {
        return "a key has another value than it had at " + std::to_string(end);
    }
    Codecs codecs;
    for (const auto& path : disk.paths()) {
        if (path.ends_with(".cleaned") || path.ends_with(".swap")) return path + " was left behind";
        if (!path.starts_with(kDirectory)) continue;
        const auto name = path.substr(path.rfind('/') + 1);
        if (!parse_segment_file(name)) continue;
        const auto dumped = dump_file(disk, path, {}, codecs, [](std::string_view) {});
        if (!dumped || dumped->problems > 0) return path + " is not sound";
    }
    return {};
}

MatrixResult run(const MatrixOptions& options) {
    set_log_level(LogLevel::off);
    CrashDisk disk;
    Account account;
    compact_twice(disk, account);
    return crash_everywhere(disk.start(), disk.changes(), options,
                            [&](DiskImage image, std::size_t changes, std::vector<Change>* made) {
                                return look(std::move(image), changes, account, made);
                            });
}

TEST(CrashMatrixOfTheCleaner, KeepsEveryKeysValue) {
    const auto result =
        run({.recoveries = recovery_budget() / scenarios().size(), .seed = crash_seed()});
    std::printf("cleaner: %zu changes, %zu recoveries, %zu of them of crashed recoveries\n",
                result.changes, result.recoveries, result.again);
    EXPECT_THAT(result.violations, testing::IsEmpty());
}

TEST(CrashMatrixOfTheCleaner, NoticesADeviceThatDoesNotSync) {
    EXPECT_THAT(run({.recoveries = 300, .ignore_syncs = true}).violations,
                testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace milena::log::test
