// Opening after a crash: torn tails, damaged files, what is rebuilt and what is kept.

#include "log/recovery.h"

#include "log/producer_state.h"
#include "protocol/base/random.h"
#include "tests/unit/log/support/log_fixture.h"

#include <numeric>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kLog = "00000000000000000000.log";
constexpr const char* kIndex = "00000000000000000000.index";
constexpr const char* kTimeIndex = "00000000000000000000.timeindex";

class RecoveryTest : public LogTest {
  protected:
    // Batches of one record each, with an idempotent producer.
    void fill(int batches) {
        for (int i = 0; i < batches; ++i) {
            append({.timestamp = 1'000 + log_->log_end_offset().value(),
                    .producer_id = ProducerId{5},
                    .producer_epoch = ProducerEpoch{0},
                    .base_sequence = Sequence{static_cast<int>(log_->log_end_offset().value())}});
        }
    }
    std::vector<std::int64_t> upto(std::int64_t end) {
        std::vector<std::int64_t> offsets(static_cast<std::size_t>(end));
        std::iota(offsets.begin(), offsets.end(), 0);
        return offsets;
    }
    std::string file(std::int64_t base, FileKind kind) {
        return path(to_string(SegmentFileName{Offset{base}, kind, FileSuffix::none}));
    }
};

TEST_F(RecoveryTest, TornTailIsCutAtEveryByteOfTheLastBatch) {
    open();
    fill(3);
    const std::size_t two = disk_.bytes(path(kLog)).size() / 3 * 2;
    const auto full = disk_.clone();
    for (std::size_t length = two; length < disk_.bytes(path(kLog)).size(); ++length) {
        auto torn = full->clone();
        torn->bytes(path(kLog)).resize(length);
        OpenOptions options;
        options.now = now_;
        const auto log = value_of(PartitionLog::open(*torn, kDirectory, options));
        log->check_invariants();
        EXPECT_EQ(log->log_end_offset(), Offset{2}) << length;
        EXPECT_EQ(log->recovery_report().cut_bytes, length - two);
        EXPECT_EQ(torn->bytes(path(kLog)).size(), two);
        EXPECT_EQ(log->producers().find(ProducerId{5})->last_sequence(), Sequence{1});
        auto batch = make_batch();
        EXPECT_EQ(value_of(log->append_as_leader(batch, LeaderEpoch{1}, now_)).first_offset,
                  Offset{2});
    }
}

TEST_F(RecoveryTest, AFlippedBitInTheLastBatchIsATornTail) {
    open();
    fill(3);
    const std::size_t one = disk_.bytes(path(kLog)).size() / 3;
    const auto full = disk_.clone();
    int kept = 0;
    for (std::size_t at = 2 * one; at < 3 * one; ++at) {
        auto torn = full->clone();
        torn->bytes(path(kLog))[at] ^= 0x10;
        OpenOptions options;
        options.now = now_;
        const auto log = value_of(PartitionLog::open(*torn, kDirectory, options));
        log->check_invariants();
        // The leader epoch and the upper bytes of the base offset are outside the checksum.
        if (log->log_end_offset() != Offset{2}) ++kept;
        EXPECT_GE(log->log_end_offset(), Offset{2}) << at;
    }
    EXPECT_LE(kept, 12);
}

TEST_F(RecoveryTest, ZerosBehindTheEndAreATornTail) {
    open();
    fill(3);
    kill();
    disk_.bytes(path(kLog)).resize(disk_.bytes(path(kLog)).size() + 5'000);
    open(Shutdown::unclean);
    EXPECT_EQ(batch_offsets(), upto(3));
    EXPECT_EQ(log_->recovery_report().cut_bytes, 5'000U);
}

TEST_F(RecoveryTest, SegmentsBehindATornOneGo) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    const Offset middle = log_->active_segment_base();
    ASSERT_GT(log_->segment_count(), 4U);
    kill();
    disk_.bytes(path(kLog)).pop_back();
    open(Shutdown::unclean);
    EXPECT_EQ(log_->segment_count(), 1U);
    EXPECT_LT(log_->log_end_offset(), middle);
    EXPECT_EQ(batch_offsets(), upto(log_->log_end_offset().value()));
    EXPECT_FALSE(disk_.has(file(middle.value(), FileKind::log)));
    EXPECT_FALSE(disk_.has(file(middle.value(), FileKind::snapshot)));
}

TEST_F(RecoveryTest, OnlyWhatIsNotBelowTheRecoveryPointIsScanned) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->sync(SyncScope::everything));
    const Offset point = log_->recovery_point();
    EXPECT_EQ(point, Offset{30});
    const auto segments = log_->segment_count();
    kill();
    open(Shutdown::unclean, point);
    EXPECT_EQ(log_->recovery_report().scanned_segments, 1U);
    EXPECT_EQ(log_->segment_count(), segments);
    EXPECT_EQ(batch_offsets(), upto(30));
    EXPECT_EQ(log_->producers().find(ProducerId{5})->last_sequence(), Sequence{29});
}

// The segment before the recovery point may have been sealed since: its indexes are not trusted.
TEST_F(RecoveryTest, ARecoveryPointAtASegmentsBaseDoesNotVouchForTheOneBefore) {
    open();
    fill(5);
    expect_ok(log_->sync(SyncScope::everything));
    EXPECT_EQ(log_->recovery_point(), Offset{5});
    expect_ok(log_->roll(now_));
    kill();
    disk_.lose_unsynced();
    open(Shutdown::unclean, Offset{5});
    EXPECT_EQ(batch_offsets(), upto(5));
    EXPECT_GE(log_->recovery_report().scanned_bytes, 1U);
}

TEST_F(RecoveryTest, MissingAndDamagedIndexesAreRebuiltAfterACleanShutdownToo) {
    settings_.segment_bytes = 20'000;
    settings_.index_interval_bytes = 300;
    open();
    fill(300);
    expect_ok(log_->close(now_));
    const auto clean = disk_.clone();
    const struct {
        const char* what;
        std::function<void(MemoryDisk&)> damage;
    } rows[] = {
        {"index gone", [&](MemoryDisk& disk) { expect_ok(disk.remove(path(kIndex))); }},
        {"time index gone", [&](MemoryDisk& disk) { expect_ok(disk.remove(path(kTimeIndex))); }},
        {"index cut", [&](MemoryDisk& disk) { disk.bytes(path(kIndex)).pop_back(); }},
        {"time index cut", [&](MemoryDisk& disk) { disk.bytes(path(kTimeIndex)).pop_back(); }},
        {"index longer", [&](MemoryDisk& disk) { disk.bytes(path(kIndex)).resize(10'001); }},
    };
    for (const auto& row : rows) {
        auto damaged = clean->clone();
        row.damage(*damaged);
        OpenOptions options;
        options.settings = settings_;
        options.shutdown = Shutdown::clean;
        options.now = now_;
        const auto log = value_of(PartitionLog::open(*damaged, kDirectory, options));
        EXPECT_EQ(log->recovery_report().rebuilt_indexes, 1U) << row.what;
        EXPECT_EQ(log->log_end_offset(), Offset{300});
        for (const char* name : {kIndex, kTimeIndex}) {
            EXPECT_EQ(damaged->text(path(name)), disk_.text(path(name))) << row.what << " " << name;
        }
    }
}

TEST_F(RecoveryTest, RebuiltIndexesEqualTheWrittenOnes) {
    settings_.segment_bytes = 8'000;
    settings_.index_interval_bytes = 300;
    open();
    fill(300);
    kill();
    open(Shutdown::unclean);
    expect_ok(log_->close(now_));
    const auto recovered = disk_.clone();
    for (const auto& each : disk_.paths()) expect_ok(disk_.remove(each));
    open();
    fill(300);
    expect_ok(log_->close(now_));
    int compared = 0;
    for (const auto& each : disk_.paths()) {
        if (!each.ends_with("index") && !each.ends_with(".log")) continue;
        EXPECT_EQ(recovered->text(each), disk_.text(each)) << each;
        ++compared;
    }
    EXPECT_GT(compared, 10);
}

TEST_F(RecoveryTest, IndexesOfZerosAsALiveKafkaKeepsThemAreRebuilt) {
    open();
    fill(100);
    kill();
    disk_.put(path(kIndex), std::string(10'485'760, '\0'));
    disk_.put(path(kTimeIndex), std::string(10'485'756, '\0'));
    open(Shutdown::unclean);
    EXPECT_EQ(batch_offsets(300), upto(100));
    EXPECT_LT(disk_.bytes(path(kIndex)).size(), 1'000U);
}

TEST_F(RecoveryTest, DamageBelowTheRecoveryPointDoesNotCutWhatIsBehindIt) {
    open();
    fill(10);
    expect_ok(log_->sync(SyncScope::everything));
    const std::size_t one = disk_.bytes(path(kLog)).size() / 10;
    kill();
    disk_.bytes(path(kLog))[4 * one + 100] ^= 1;
    open(Shutdown::unclean, Offset{10});
    EXPECT_EQ(log_->recovery_report().damaged_batches, 1U);
    EXPECT_EQ(log_->log_end_offset(), Offset{10});
    const auto read = value_of(log_->read(Offset{5}, 10'000, FirstBatch::always_whole, Offset{10}));
    EXPECT_EQ(read.slice.length, 5 * one);
}

TEST_F(RecoveryTest, ADamagedLengthDoesNotHideWhatIsBehindIt) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->sync(SyncScope::everything));
    const Offset second = [&] {
        for (const auto& each : disk_.paths()) {
            const auto name = parse_segment_file(each.substr(each.rfind('/') + 1));
            if (name && name->kind == FileKind::log && name->offset > Offset{0})
                return name->offset;
        }
        return Offset{-1};
    }();
    kill();
    const std::string original = disk_.text(path(kLog));
    const std::size_t one = original.size() / static_cast<std::size_t>(second.value());
    store_be(disk_.bytes(path(kLog)).data() + one * 2 + 8, std::int32_t{-7});
    open(Shutdown::unclean, second);
    EXPECT_EQ(log_->log_end_offset(), Offset{30});
    EXPECT_EQ(log_->recovery_report().damaged_batches, 1U);
    const auto lost = log_->read(Offset{2}, 1'000, FirstBatch::always_whole, Offset{30});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::CORRUPT_MESSAGE);
    const auto next = value_of(log_->read(Offset{3}, 1'000, FirstBatch::always_whole, Offset{30}));
    EXPECT_EQ(next.first_offset, Offset{3});
}

TEST_F(RecoveryTest, AnEndThatIsDamageIsSetAside) {
    open();
    fill(10);
    expect_ok(log_->sync(SyncScope::everything));
    kill();
    const std::string original = disk_.text(path(kLog));
    const std::size_t one = original.size() / 10;
    for (std::size_t i = 2; i < 10; ++i) disk_.bytes(path(kLog))[one * i + 40] ^= 1;
    open(Shutdown::unclean, Offset{10});
    EXPECT_EQ(log_->log_end_offset(), Offset{2});
    const auto aside = disk_.text(path(std::string(kLog) + ".damaged"));
    EXPECT_EQ(aside.substr(0, 8), original.substr(2 * one, 8));
    EXPECT_EQ(aside.size(), original.size() - 2 * one);
    // The next start is not disturbed by what lies aside.
    kill();
    open(Shutdown::unclean);
    EXPECT_EQ(log_->log_end_offset(), Offset{2});
}

TEST_F(RecoveryTest, ADamagedSnapshotIsRebuiltFromTheLog) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->close(now_));
    int snapshots = 0;
    for (const auto& each : disk_.paths()) {
        if (!each.ends_with(".snapshot")) continue;
        ++snapshots;
        disk_.bytes(each)[12] ^= 1;
    }
    EXPECT_GT(snapshots, 4);
    open(Shutdown::clean);
    EXPECT_EQ(log_->producers().find(ProducerId{5})->last_sequence(), Sequence{29});
    EXPECT_EQ(log_->producers().find(ProducerId{5})->batch_count, 5);
}

TEST_F(RecoveryTest, EpochsAreRebuiltFromTheBatches) {
    settings_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 30; ++i) append({}, LeaderEpoch{i / 4});
    const auto epochs = log_->epochs();
    kill();
    for (const char* content : {"", "0\n1\n99 3\n", "0\n2\n0 0\n1 29\n"}) {
        disk_.put(path("leader-epoch-checkpoint"), content);
        open(Shutdown::unclean);
        EXPECT_EQ(log_->epochs(), epochs) << content;
        kill();
    }
}

TEST_F(RecoveryTest, AMalformedEpochCheckpointIsAnError) {
    open();
    kill();
    disk_.put(path("leader-epoch-checkpoint"), "what?\n");
    OpenOptions options;
    EXPECT_FALSE(PartitionLog::open(disk_, kDirectory, options));
}

TEST_F(RecoveryTest, ACleanLogIsNotScanned) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->close(now_));
    open(Shutdown::clean);
    EXPECT_EQ(log_->recovery_report().scanned_bytes, 0U);
    EXPECT_EQ(log_->recovery_report().rebuilt_indexes, 0U);
    EXPECT_EQ(log_->recovery_point(), Offset{30});
    EXPECT_EQ(log_->synced_offset(), Offset{30});
    EXPECT_EQ(batch_offsets(), upto(30));
    EXPECT_EQ(append().first_offset, Offset{30});
}

TEST_F(RecoveryTest, ACleanMarkerThatLiesIsSeenThrough) {
    open();
    fill(5);
    expect_ok(log_->close(now_));
    disk_.bytes(path(kLog)).pop_back();
    open(Shutdown::clean);
    EXPECT_EQ(batch_offsets(), upto(4));
}

TEST_F(RecoveryTest, TheStartOffsetIsRememberedByTheCaller) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->close(now_));
    OpenOptions options;
    options.settings = settings_;
    options.shutdown = Shutdown::clean;
    options.log_start_offset = Offset{17};
    log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
    EXPECT_EQ(log_->log_start_offset(), Offset{17});
    log_->check_invariants();
    log_.reset();
    options.log_start_offset = Offset{100};  // and the log behind it is gone
    log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
    EXPECT_EQ(log_->log_start_offset(), Offset{100});
    EXPECT_EQ(log_->log_end_offset(), Offset{100});
    EXPECT_THAT(batch_offsets(), IsEmpty());
    log_->check_invariants();
}

TEST_F(RecoveryTest, LeftoversOfACrashAreTidied) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->close(now_));
    disk_.put(path("00000000000000000003.log.deleted"), "x");
    disk_.put(path("00000000000000000003.timeindex.deleted"), "x");
    disk_.put(path("00000000000000000000.log.cleaned"), "x");
    disk_.put(path("00000000000000000000.index.cleaned"), "x");
    disk_.put(path("00000000000000000099.index"), "orphan");
    disk_.put(path("00000000000000000010.log.swap"), "beyond the least cleaned one");
    disk_.put(path("something else"), "stays");
    open(Shutdown::unclean);
    EXPECT_EQ(batch_offsets(), upto(30));
    EXPECT_EQ(log_->recovery_report().removed_files, 6U);
    for (const auto& each : disk_.paths()) {
        EXPECT_FALSE(each.ends_with(".deleted") || each.ends_with(".cleaned") ||
                     each.ends_with(".swap") || each.ends_with("99.index"))
            << each;
    }
    EXPECT_TRUE(disk_.has(path("something else")));
}

// The cleaner replaced several segments by one; the crash came before, between or after its
// renames.
TEST_F(RecoveryTest, ASwapIsFinishedWhereverItStopped) {
    settings_.segment_bytes = 1'000;
    open();
    fill(30);
    expect_ok(log_->close(now_));
    std::vector<std::string> old_logs;
    for (const auto& each : disk_.paths()) {
        if (each.ends_with(".log")) old_logs.push_back(each);
    }
    ASSERT_GT(old_logs.size(), 3U);
    // Keeps every other batch of the first three segments.
    std::vector<std::uint8_t> cleaned;
    std::vector<std::int64_t> expected;
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < old_logs.size(); ++i) {
        BatchSplitter split{ByteView(disk_.bytes(old_logs[i]))};
        while (split.next()) {
            if (i < 3 && offset % 2 == 1) {
                cleaned.insert(cleaned.end(), split.batch().bytes().begin(),
                               split.batch().bytes().end());
            }
            if (i >= 3 || offset % 2 == 1) expected.push_back(offset);
            ++offset;
        }
    }
    const std::string swap(cleaned.begin(), cleaned.end());
    const auto before = disk_.clone();
    for (int stage = 0; stage < 4; ++stage) {
        auto crashed = before->clone();
        const std::string log = path(kLog);
        if (stage < 3) crashed->put(log + ".swap", swap);
        if (stage < 3) crashed->put(path(kIndex) + ".swap", "");
        if (stage < 3) crashed->put(path(kTimeIndex) + ".swap", "");
        if (stage >= 1) expect_ok(crashed->rename(old_logs[0], old_logs[0] + ".deleted"));
        if (stage >= 2) expect_ok(crashed->remove(old_logs[2]));
        if (stage >= 2) expect_ok(crashed->rename(old_logs[1], old_logs[1] + ".deleted"));
        if (stage == 3) {
            crashed->put(log, swap);
            crashed->put(path(kTimeIndex) + ".swap", "");
        }
        OpenOptions options;
        options.settings = settings_;
        options.now = now_;
        log_ = value_of(PartitionLog::open(*crashed, kDirectory, options));
        log_->check_invariants();
        EXPECT_EQ(batch_offsets(), expected) << "stage " << stage;
        log_.reset();
    }
}

// Its base is all that says whose place it takes.
TEST_F(RecoveryTest, AnEmptySwapSegmentTakesThePlaceOfTheOneAtItsBase) {
    settings_.index_interval_bytes = 100;
    open();
    for (int i = 0; i < 5; ++i) append({.value_bytes = 100});
    const Offset end = log_->log_end_offset();
    expect_ok(log_->roll(now_));
    append({});
    expect_ok(log_->close(now_));
    kill();
    ASSERT_FALSE(disk_.bytes(path(kIndex)).empty());
    // The old index is still there, the new one is not: it has to be built.
    expect_ok(disk_.rename(path(kLog), path(kLog) + ".deleted"));
    disk_.put(path(kLog) + ".swap", "");
    open(Shutdown::unclean, end + 1);
    EXPECT_EQ(log_->log_end_offset(), end + 1);
    EXPECT_EQ(batch_offsets(), std::vector<std::int64_t>{end.value()});
    EXPECT_FALSE(value_of(disk_.exists(path(kIndex)))) << "it would point into the old segment";
}

}  // namespace
}  // namespace milena::log::test
