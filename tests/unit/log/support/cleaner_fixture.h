// A log of keyed records that can be compacted, and what its readers see.
#pragma once

#include "log/cleaner/cleaning.h"
#include "tests/unit/log/support/keyed_batch.h"
#include "tests/unit/log/support/log_fixture.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace milena::log::test {

// What a reader of committed records sees from `from` on.
std::vector<StoredRecord> read_committed(const PartitionLog& log, Offset from);
// All batches from the log start on, as stored.
std::vector<std::uint8_t> read_bytes(const PartitionLog& log);
// The last value of each key among the records; keys whose last record has none are left out.
std::map<std::string, std::string> table_of(const std::vector<StoredRecord>& records);

// One round with a map of so much memory, whether the log is due or not.
Result<CleanedLog> compact(PartitionLog& log, LogTime now, std::uint64_t memory = 1U << 20U);

class CleanerTest : public LogTest {
  protected:
    CleanerTest() {
        settings_.cleanup_policy = CleanupPolicy::compact;
        settings_.delete_retention_ms = Millis{10'000};
        settings_.file_delete_delay_ms = Millis{60'000};
    }

    AppendInfo put(const KeyedBatch& batch) { return append_bytes(make_keyed(batch)); }
    AppendInfo put(const std::string& key, const std::string& value) {
        return put(KeyedBatch{.records = {{key, value}}});
    }
    AppendInfo remove(const std::string& key) { return put(KeyedBatch{.records = {{key, {}}}}); }
    // Of a transaction; sequence numbers are kept by producer.
    void put_in_transaction(std::int64_t producer, const std::string& key,
                            const std::string& value);
    void end_transaction(std::int64_t producer, bool commit);
    void roll() { expect_ok(log_->roll(now_)); }
    // Seals and syncs everything, then one round.
    CleanedLog clean(std::uint64_t memory = 1U << 20U);
    // Opens the log again with what its checkpoints say of it, all of it committed.
    void restart(Shutdown shutdown);
    void later(Millis time) { now_.wall = now_.wall + time.count(); }
    std::vector<std::int64_t> offsets() {
        std::vector<std::int64_t> found;
        for (const auto& record : read_committed(*log_, log_->log_start_offset())) {
            found.push_back(record.offset);
        }
        return found;
    }

    std::map<std::int64_t, int> sequences_;
};

}  // namespace milena::log::test
