// Opens what a real Kafka wrote: tests/golden/log/README.md says what is in it.

#include "log/posix_disk.h"
#include "log/producer_snapshot.h"
#include "log/producer_state.h"
#include "protocol/record/compress.h"
#include "tests/unit/log/support/log_fixture.h"

#include <filesystem>

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kEnd = 199;
constexpr std::int64_t kFirstTimestamp = 1'700'000'000'000;
constexpr std::int64_t kBases[] = {0, 18, 52, 86, 120, 154, 175};

class KafkaDirectoryTest : public testing::Test {
  protected:
    KafkaDirectoryTest() {
        std::string pattern = testing::TempDir() + "milena_kafka_XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        directory_ = root_ + "/orders-0";
        std::filesystem::copy(kGolden, directory_);
        settings_.segment_ms = Millis{60'000};
        settings_.index_interval_bytes = 200;
        settings_.segment_index_bytes = 1'200;
        settings_.retention_ms.reset();
        // Long ago for the records, so that no producer expires.
        settings_.producer_id_expiration_ms = Millis{1'000'000'000'000};
    }
    ~KafkaDirectoryTest() override { std::filesystem::remove_all(root_); }

    void open(Offset recovery_point) {
        OpenOptions options;
        options.settings = settings_;
        options.recovery_point = recovery_point;
        options.now = now_;
        log_ = value_of(PartitionLog::open(disk_, directory_, options));
        log_->check_invariants();
    }
    std::string content(const std::string& directory, const SegmentFileName& name) {
        const auto bytes =
            value_of(read_file(disk_, join_path(directory, to_string(name)), 1 << 20));
        return {bytes.begin(), bytes.end()};
    }

    static inline const std::string kGolden =
        std::string(MILENA_SOURCE_DIR) + "/tests/golden/log/kafka-4.2.0/orders-0";
    PosixDisk disk_;
    std::string root_;
    std::string directory_;
    LogSettings settings_;
    LogTime now_{TimestampMs{kFirstTimestamp + 1'000'000}, MonoTime{}};
    std::unique_ptr<PartitionLog> log_;
    Codecs codecs_;
};

TEST_F(KafkaDirectoryTest, EveryRecordIsServed) {
    open(Offset{0});
    EXPECT_EQ(log_->log_end_offset(), Offset{kEnd});
    EXPECT_EQ(log_->segment_count(), std::size(kBases));
    EXPECT_EQ(log_->recovery_report().cut_bytes, 0U);
    int value = 0;
    Offset next{0};
    std::vector<std::uint8_t> buffer;
    while (next < log_->log_end_offset()) {
        const auto read =
            value_of(log_->read(next, 1, FirstBatch::always_whole, log_->log_end_offset()));
        std::vector<std::uint8_t> bytes(read.slice.length);
        ASSERT_EQ(read.slice.source->read_some(read.slice.position, bytes),
                  static_cast<std::int64_t>(bytes.size()));
        const BatchView batch{ByteView(bytes)};
        ASSERT_TRUE(batch.crc_matches());
        ASSERT_EQ(batch.base_offset(), next);
        next = batch.last_offset() + 1;
        if (batch.is_control()) continue;
        RecordReader reader(batch, value_of(payload_of(batch, codecs_, buffer, 1 << 20)));
        while (reader.next()) {
            const auto text = as_text(reader.record().value.value_or_empty());
            EXPECT_TRUE(text.starts_with("value " + std::to_string(value) + " ")) << text;
            EXPECT_EQ(reader.record().timestamp.value(), kFirstTimestamp + 3'000 * value);
            ++value;
        }
        expect_ok(reader.status());
    }
    EXPECT_EQ(value, 195);
}

TEST_F(KafkaDirectoryTest, RebuiltIndexesAreKafkasByteForByte) {
    open(Offset{0});
    expect_ok(log_->close(now_));
    for (const std::int64_t base : kBases) {
        const bool active = base == 175;
        for (const FileKind kind :
             {FileKind::log, FileKind::offset_index, FileKind::time_index, FileKind::txn_index}) {
            const SegmentFileName name{Offset{base}, kind, FileSuffix::none};
            if (kind == FileKind::txn_index && !active) {
                EXPECT_FALSE(value_of(disk_.exists(join_path(directory_, to_string(name)))));
                continue;
            }
            const std::string ours = content(directory_, name);
            std::string kafkas = content(kGolden, name);
            // The open segment's indexes are longer than what is in them; closing appends the last
            // time index entry.
            if (active && kafkas.size() == 1'200) {
                kafkas.resize(kafkas.find_last_not_of('\0') + 1);
                EXPECT_EQ(ours.substr(0, kafkas.size()), kafkas) << to_string(name);
            } else {
                EXPECT_EQ(ours, kafkas) << to_string(name);
            }
        }
    }
}

TEST_F(KafkaDirectoryTest, KafkasOwnIndexesServeBelowTheRecoveryPoint) {
    open(Offset{190});
    EXPECT_EQ(log_->recovery_report().scanned_segments, 1U);
    EXPECT_EQ(log_->recovery_report().rebuilt_indexes, 0U);
    for (std::int64_t offset = 0; offset < kEnd; ++offset) {
        const auto read =
            value_of(log_->read(Offset{offset}, 1, FirstBatch::always_whole, Offset{kEnd}));
        std::vector<std::uint8_t> bytes(read.slice.length);
        read.slice.source->read_some(read.slice.position, bytes);
        const BatchView batch{ByteView(bytes)};
        EXPECT_LE(batch.base_offset(), Offset{offset});
        EXPECT_GE(batch.last_offset(), Offset{offset});
    }
    // Records 0 to 174 have offsets equal to their numbers.
    for (std::int64_t number = 0; number < 175; number += 9) {
        const auto found = value_of(
            log_->offset_for_timestamp(TimestampMs{kFirstTimestamp + 3'000 * number - 1}, codecs_));
        ASSERT_TRUE(found);
        EXPECT_EQ(found->timestamp.value(), kFirstTimestamp + 3'000 * number);
        EXPECT_EQ(found->leader_epoch, LeaderEpoch{0});
    }
}

TEST_F(KafkaDirectoryTest, TransactionsAndProducersAreAsKafkaHadThem) {
    for (const std::int64_t recovery_point : {0, 100, 190}) {
        open(Offset{recovery_point});
        const auto aborted = value_of(log_->aborted_transactions(Offset{0}, Offset{kEnd}));
        EXPECT_THAT(
            aborted,
            ElementsAre(AbortedTransaction{ProducerId{26}, Offset{176}, Offset{181}, Offset{182}},
                        AbortedTransaction{ProducerId{28}, Offset{188}, Offset{193}, Offset{194}}));
        log_->on_high_watermark(Offset{kEnd});
        EXPECT_EQ(log_->first_unstable_offset(), Offset{194});
        const auto* gzip = log_->producers().find(ProducerId{23});
        ASSERT_NE(gzip, nullptr);
        EXPECT_EQ(gzip->last_sequence(), Sequence{33});
        EXPECT_EQ(gzip->last_batch()->last_offset, Offset{67});
        log_.reset();
    }
}

TEST_F(KafkaDirectoryTest, KafkasSnapshotsReadAndWriteBackTheSame) {
    for (const std::int64_t base : kBases) {
        if (base == 0) continue;
        const std::string bytes =
            content(kGolden, {Offset{base}, FileKind::snapshot, FileSuffix::none});
        ProducerState state;
        state.set_end_offset(Offset{base});
        expect_ok(decode_producer_snapshot(as_bytes(bytes), state));
        state.check_invariants();
        const auto again = encode_producer_snapshot(state);
        EXPECT_EQ(again.size(), bytes.size());
        if (state.size() > 1) continue;  // the order of the entries is of no meaning
        EXPECT_EQ(as_text(again), bytes) << base;
    }
}

}  // namespace
}  // namespace milena::log::test
