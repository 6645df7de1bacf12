#include "tests/unit/log/support/log_fixture.h"

#include "log/batch_scan.h"
#include "protocol/base/logger.h"
#include "protocol/record/control_record.h"

#include <array>

namespace milena::log::test {

std::vector<std::uint8_t> make_batch(const BatchSpec& spec) {
    BatchTraits traits;
    traits.producer_id = spec.producer_id;
    traits.producer_epoch = spec.producer_epoch;
    traits.base_sequence = spec.base_sequence;
    traits.transactional = spec.transactional;
    BatchBuilder builder(traits);
    const std::vector<std::uint8_t> value(spec.value_bytes, 'v');
    for (int i = 0; i < spec.records; ++i) {
        builder.add(TimestampMs{spec.timestamp + i}, NullableBytes{},
                    NullableBytes(ByteView(value)));
    }
    const auto bytes = builder.finish();
    return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> make_marker(ProducerId id, ProducerEpoch epoch, bool commit,
                                      std::int64_t timestamp) {
    BatchTraits traits;
    traits.producer_id = id;
    traits.producer_epoch = epoch;
    traits.transactional = true;
    const auto type = commit ? ControlType::commit : ControlType::abort;
    const auto value = transaction_marker_value({type, 7});
    const std::array<ControlRecord, 1> records{{{type, ByteView(value)}}};
    return build_control_batch(traits, TimestampMs{timestamp}, records);
}

LogTest::LogTest() {
    set_log_level(LogLevel::off);  // what would be reported is what the tests do on purpose
    expect_ok(disk_.make_dir("/data"));
}

void LogTest::open(Shutdown shutdown, Offset recovery_point) {
    OpenOptions options;
    options.settings = settings_;
    options.shutdown = shutdown;
    options.recovery_point = recovery_point;
    options.now = now_;
    log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
    log_->check_invariants();
}

void LogTest::kill() {
    log_.reset();
}

AppendInfo LogTest::append(const BatchSpec& spec, LeaderEpoch epoch) {
    return append_bytes(make_batch(spec), epoch);
}

AppendInfo LogTest::append_bytes(std::vector<std::uint8_t> batch, LeaderEpoch epoch) {
    return value_of(log_->append_as_leader(batch, epoch, now_));
}

std::vector<std::int64_t> LogTest::batch_offsets(std::uint64_t max_bytes) {
    std::vector<std::int64_t> offsets;
    Offset next = log_->log_start_offset();
    while (next < log_->log_end_offset()) {
        const auto read =
            value_of(log_->read(next, max_bytes, FirstBatch::always_whole, log_->log_end_offset()));
        if (read.empty()) break;
        std::vector<std::uint8_t> bytes(read.slice.length);
        const auto count = read.slice.source->read_some(read.slice.position, bytes);
        EXPECT_EQ(count, static_cast<std::int64_t>(bytes.size()));
        BatchSplitter split(bytes);
        while (split.next()) {
            EXPECT_TRUE(split.batch().crc_matches());
            offsets.push_back(split.batch().base_offset().value());
            next = split.batch().last_offset() + 1;
        }
    }
    return offsets;
}

std::string LogTest::path(std::string_view name) const {
    return join_path(kDirectory, name);
}

}  // namespace milena::log::test
