// A bit flipped anywhere: what is damaged is never given out, what is not is still there, and a
// restart after it serves the rest.

#include "log/damage.h"

#include "tests/unit/log/support/log_fixture.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Served {
    std::map<std::int64_t, std::vector<std::uint8_t>> batches;  // by base offset
    std::vector<std::int64_t> refused;                          // offsets
};

class DamageTest : public LogTest {
  protected:
    DamageTest() {
        settings_.segment_bytes = 500;
        settings_.index_interval_bytes = 100;
    }

    // Three segments of small batches; closed well.
    void write() {
        open();
        for (int i = 0; i < 13; ++i) {
            append({.records = 1 + i % 2, .timestamp = 1'000 + 10 * i, .value_bytes = 20},
                   LeaderEpoch{i / 5});
        }
        end_ = log_->log_end_offset();
        expect_ok(log_->close(now_));
        whole_ = serve();
        kill();
        EXPECT_THAT(whole_.refused, IsEmpty());
        EXPECT_EQ(whole_.batches.size(), 13U);
    }

    // Everything that a consumer gets, one batch at a time, seeking past what is refused.
    Served serve() {
        Served served;
        for (Offset at{0}; at < end_;) {
            auto read = log_->read(at, 1, FirstBatch::always_whole, log_->log_end_offset());
            Status status;
            if (read && read->unchecked) {
                const auto checked = value_of(read->unchecked->check());
                status = log_->note_checked(*read, checked);
            }
            if (!read) status = std::unexpected(read.error());
            if (!status) {
                EXPECT_TRUE(status.error().code == ErrorCode::CORRUPT_MESSAGE ||
                            at >= log_->log_end_offset())
                    << status.error().detail;
                served.refused.push_back(at.value());
                at = at + 1;
                continue;
            }
            if (read->empty()) {
                served.refused.push_back(at.value());
                at = at + 1;
                continue;
            }
            std::vector<std::uint8_t> bytes(read->slice.length);
            read->slice.source->read_some(read->slice.position, bytes);
            const BatchView batch{ByteView(bytes)};
            EXPECT_GT(batch.last_offset() + 1, at);
            at = std::max(at + 1, batch.last_offset() + 1);
            served.batches[batch.base_offset().value()] = std::move(bytes);
        }
        return served;
    }

    // What was served is what was written, and what was not is at most `may_miss` batches.
    void compare(const Served& served, std::size_t may_miss, const std::string& where) {
        SCOPED_TRACE(where);
        for (const auto& [base, bytes] : served.batches) {
            const auto original = whole_.batches.find(base);
            ASSERT_TRUE(original != whole_.batches.end()) << "a batch was invented at " << base;
            ASSERT_EQ(bytes, original->second) << "a damaged batch was served at " << base;
        }
        ASSERT_GE(served.batches.size() + may_miss, whole_.batches.size());
    }

    // Flips one bit of every byte of the file in turn and opens the log.
    void flip_each(const std::string& name, Shutdown shutdown, Offset recovery_point,
                   std::size_t may_miss, std::size_t spared_from = ~std::size_t{0}) {
        const auto before = disk_.clone();
        const std::size_t size = disk_.bytes(path(name)).size();
        ASSERT_GT(size, 0U) << name;
        for (std::size_t at = 0; at < size && !HasFatalFailure(); ++at) {
            if (at >= spared_from && at < spared_from + 8) continue;
            const auto damaged = before->clone();
            damaged->bytes(path(name))[at] ^= static_cast<std::uint8_t>(1U << at % 8);
            OpenOptions options;
            options.settings = settings_;
            options.shutdown = shutdown;
            options.recovery_point = recovery_point;
            options.now = now_;
            log_ = value_of(PartitionLog::open(*damaged, kDirectory, options));
            log_->check_invariants();
            compare(serve(), may_miss,
                    name + ", byte " + std::to_string(at) +
                        (shutdown == Shutdown::clean ? ", clean" : ", unclean") +
                        ", recovery point " + std::to_string(recovery_point.value()));
            log_.reset();
        }
    }

    void flip_segments(Shutdown shutdown) {
        // Which of two neighbours has the wrong offset cannot be told: both are refused. No
        // checksum covers that of the very last batch, and nobody is behind it to speak against it.
        const auto names = files_ending(".log");
        for (const auto& name : names) {
            const std::size_t end = disk_.bytes(path(name)).size();
            const std::size_t last = end - whole_.batches.rbegin()->second.size();
            flip_each(name, shutdown, end_, 2, name == names.back() ? last : end);
        }
    }

    std::vector<std::string> files_ending(std::string_view suffix) const {
        std::vector<std::string> names;
        for (const auto& each : disk_.paths()) {
            if (each.ends_with(suffix)) names.push_back(each.substr(each.rfind('/') + 1));
        }
        return names;
    }

    Offset end_{0};
    Served whole_;
};

TEST_F(DamageTest, OfASegmentAfterACleanStopLosesNothingElse) {
    write();
    flip_segments(Shutdown::clean);
}

TEST_F(DamageTest, OfASegmentBelowTheRecoveryPointLosesNothingElse) {
    write();
    flip_segments(Shutdown::unclean);
}

TEST_F(DamageTest, OfAnIndexLosesNothing) {
    write();
    for (const auto* kind : {".index", ".timeindex"}) {
        for (const auto& name : files_ending(kind)) {
            flip_each(name, Shutdown::clean, end_, 0);
            flip_each(name, Shutdown::unclean, end_, 0);
        }
    }
}

TEST_F(DamageTest, OfAProducerSnapshotLosesNothing) {
    write();
    for (const auto& name : files_ending(".snapshot")) flip_each(name, Shutdown::clean, end_, 0);
}

// Above the recovery point a hole of zeros is a write that never came; anything else is damage.
TEST_F(DamageTest, AHoleOfZerosAtTheUnsyncedEndIsATornTail) {
    settings_.segment_bytes = 64 << 10;
    open();
    for (int i = 0; i < 6; ++i) append({.value_bytes = 700});
    kill();
    auto& bytes = disk_.bytes(path("00000000000000000000.log"));
    std::fill(bytes.begin() + 1024, bytes.begin() + 1536, std::uint8_t{0});
    open(Shutdown::unclean, Offset{0});
    EXPECT_EQ(log_->log_end_offset(), Offset{1});
    EXPECT_EQ(log_->recovery_report().damaged_batches, 0U);
}

TEST_F(DamageTest, ABitAtTheUnsyncedEndDoesNotCutWhatIsBehindIt) {
    write();
    disk_.bytes(path("00000000000000000000.log"))[150] ^= 4;
    open(Shutdown::unclean, Offset{0});
    EXPECT_EQ(log_->log_end_offset(), end_);
    EXPECT_EQ(log_->recovery_report().damaged_batches, 1U);
    compare(serve(), 1, "one bit");
}

TEST_F(DamageTest, AnIndexThatLiesIsRebuilt) {
    write();
    const std::string index = path("00000000000000000000.index");
    const auto sound = disk_.bytes(index);
    disk_.bytes(index)[7] ^= 1;
    open(Shutdown::clean, end_);
    compare(serve(), 0, "before the repair");
    EXPECT_NE(disk_.bytes(index), sound);
    expect_ok(log_->repair_indexes());
    EXPECT_EQ(disk_.bytes(index), sound);
    compare(serve(), 0, "after the repair");
}

TEST_F(DamageTest, IsCountedOnceHoweverManyComeUponIt) {
    write();
    disk_.bytes(path("00000000000000000000.log"))[150] ^= 4;
    DamageCounts counts;
    OpenOptions options;
    options.settings = settings_;
    options.shutdown = Shutdown::clean;
    options.recovery_point = end_;
    options.now = now_;
    options.damage = &counts;
    log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
    auto one = value_of(log_->read(Offset{0}, 1'000, FirstBatch::always_whole, end_));
    auto other = value_of(log_->read(Offset{0}, 1'000, FirstBatch::always_whole, end_));
    for (auto* read : {&one, &other}) {
        ASSERT_TRUE(read->unchecked);
        expect_ok(log_->note_checked(*read, value_of(read->unchecked->check())));
        EXPECT_LE(read->slice.position + read->slice.length, 150U);
    }
    EXPECT_EQ(counts.ranges.load(), 1U);
    EXPECT_GT(counts.bytes.load(), 0U);
    serve();
    EXPECT_EQ(counts.ranges.load(), 1U);
}

TEST(ByteRangesTest, JoinsWhatTouches) {
    ByteRanges ranges;
    ranges.add(10, 20);
    ranges.add(30, 40);
    EXPECT_FALSE(ranges.covers(10, 40));
    ranges.add(20, 30);
    EXPECT_TRUE(ranges.covers(10, 40));
    EXPECT_EQ(ranges.ranges().size(), 1U);
    EXPECT_EQ(ranges.behind(15), 40U);
    EXPECT_EQ(ranges.behind(40), 40U);
    EXPECT_EQ(ranges.next_from(5), 10U);
    EXPECT_EQ(ranges.next_from(40), std::nullopt);
    ranges.cut(25);
    EXPECT_TRUE(ranges.ends_at(25));
    ranges.add(50, 52);
    ranges.limit(1);
    EXPECT_TRUE(ranges.covers(10, 25));
    EXPECT_FALSE(ranges.covers(50, 52));
}

}  // namespace
}  // namespace milena::log::test
