#include "tests/unit/log/support/cleaner_fixture.h"

namespace milena::log::test {

std::vector<std::uint8_t> read_bytes(const PartitionLog& log) {
    std::vector<std::uint8_t> all;
    Offset next = log.log_start_offset();
    while (next < log.log_end_offset()) {
        const auto read =
            value_of(log.read(next, 1, FirstBatch::always_whole, log.log_end_offset()));
        if (read.empty()) break;
        const std::size_t begin = all.size();
        all.resize(begin + read.slice.length);
        const auto batch = MutableBytes(all).subspan(begin);
        EXPECT_EQ(read.slice.source->read_some(read.slice.position, batch),
                  static_cast<std::int64_t>(batch.size()));
        next = BatchView(batch).last_offset() + 1;
    }
    return all;
}

std::vector<StoredRecord> read_committed(const PartitionLog& log, Offset from) {
    const Offset stable = log.first_unstable_offset().value_or(log.log_end_offset());
    const auto aborted = value_of(log.aborted_transactions(from, stable));
    const auto bytes = read_bytes(log);
    std::vector<StoredRecord> records;
    BatchSplitter split(bytes);
    while (split.next()) {
        const BatchView batch = split.batch();
        if (batch.last_offset() < from || batch.base_offset() >= stable) continue;
        const bool hidden = std::ranges::any_of(aborted, [&](const AbortedTransaction& one) {
            return batch.is_transactional() && one.producer_id == batch.producer_id() &&
                   one.first_offset <= batch.base_offset() && batch.last_offset() < one.last_offset;
        });
        if (hidden) continue;
        for (auto& record : stored_records(batch.bytes())) {
            if (record.offset >= from.value()) records.push_back(std::move(record));
        }
    }
    return records;
}

std::map<std::string, std::string> table_of(const std::vector<StoredRecord>& records) {
    std::map<std::string, std::string> table;
    for (const StoredRecord& record : records) {
        if (!record.key) continue;
        if (record.value) {
            table[*record.key] = *record.value;
        } else {
            table.erase(*record.key);
        }
    }
    return table;
}

Result<CleanedLog> compact(PartitionLog& log, LogTime now, std::uint64_t memory) {
    const Offset stable = log.first_unstable_offset().value_or(log.log_end_offset());
    MILENA_ASSIGN(const CleaningPlan plan, log.plan_cleaning(stable, now));
    if (plan.range.end <= plan.range.first_dirty) return CleanedLog{};
    OffsetMap map(memory, 0.9, 42);
    Codecs codecs;
    const CleaningMeans means{.map = map, .codecs = codecs, .io_bytes = 1'000};
    MILENA_ASSIGN(const CleanedLog result, run_round(plan, means, [&](const CleanedSegment& one) {
                      return log.swap_cleaned(one, now);
                  }));
    if (result.up_to != kNoOffset) log.mark_cleaned(result.up_to, plan.generation);
    return result;
}

void CleanerTest::put_in_transaction(std::int64_t producer, const std::string& key,
                                     const std::string& value) {
    put(KeyedBatch{.records = {{key, value}},
                   .producer_id = ProducerId{producer},
                   .producer_epoch = ProducerEpoch{0},
                   .base_sequence = Sequence{sequences_[producer]++},
                   .transactional = true});
}

void CleanerTest::end_transaction(std::int64_t producer, bool commit) {
    append_bytes(make_marker(ProducerId{producer}, ProducerEpoch{0}, commit));
}

CleanedLog CleanerTest::clean(std::uint64_t memory) {
    roll();
    expect_ok(log_->sync(SyncScope::everything));
    log_->on_high_watermark(log_->log_end_offset());
    const auto result = value_of(compact(*log_, now_, memory));
    log_->check_invariants();
    return result;
}

void CleanerTest::restart(Shutdown shutdown) {
    OpenOptions options;
    options.settings = settings_;
    options.shutdown = shutdown;
    options.recovery_point = log_->recovery_point();
    options.log_start_offset = log_->log_start_offset();
    options.cleaned_to = log_->cleaned_to();
    options.now = now_;
    if (shutdown == Shutdown::clean) expect_ok(log_->close(now_));
    kill();
    log_ = value_of(PartitionLog::open(disk_, kDirectory, options));
    log_->on_high_watermark(log_->log_end_offset());
    log_->check_invariants();
}

}  // namespace milena::log::test
