// What compaction leaves of one batch. Pure: bytes to bytes.
//
// A record stays when no later one has its key, as far as the map knows; one without a value goes
// when the batch's delete horizon has passed. The first pass over a batch that has such a record,
// or over a marker without data, writes that horizon into it. Offsets, sequence numbers and the
// codec never change. Left as an empty batch, never dropped: the last data of an active producer
// (its sequence number), and the batch that ends the range (the log's end). The last marker of an
// active producer that has no data stays whole.
//
// A batch of an old format, and one whose bytes are damaged, stays as it is: damage must be
// noticed by its readers, not spread. Source of the rules: storage/.../Cleaner.java and
// clients/.../common/record/MemoryRecords.java, filterTo.
#pragma once

#include "log/batch_scan.h"
#include "log/cleaner/offset_map.h"
#include "log/cleaner/transaction_tracker.h"
#include "protocol/record/record_reader.h"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace milena {
class Codecs;
}

namespace milena::log {

// The last thing that an active producer wrote.
struct LastOfProducer {
    std::optional<Offset> data;  // last offset of its last batch; nullopt: only a marker is known
    ProducerEpoch epoch;
};
using ActiveProducers = std::unordered_map<ProducerId, LastOfProducer>;

struct CleaningRules {
    const OffsetMap& map;
    const ActiveProducers& producers;
    TimestampMs now;
    Millis delete_retention{0};  // delete.retention.ms
    Offset end;                  // of the range that is cleaned
    // Nothing without a value goes: older records may be there that compaction cannot remove.
    bool keep_tombstones = false;
};

struct CleaningCounts {
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t records_read = 0;
    std::uint64_t records_kept = 0;
    std::uint64_t keyless_dropped = 0;
    std::uint64_t damaged_batches = 0;
};

// Decompressed records of one batch.
inline constexpr std::size_t kMaxCleanedPayload = 256U << 20U;

class BatchFilter {
  public:
    // All of them outlive the filter.
    BatchFilter(const CleaningRules& rules, TransactionTracker& transactions, Codecs& codecs)
        : rules_(rules), transactions_(transactions), codecs_(codecs) {}

    // Appends what stays of `batch` to `out`; batches come in the order of the log. False: it is
    // not as it was.
    bool filter(const BatchHead& head, ByteView batch, std::vector<std::uint8_t>& out);

    // Aborted transactions whose index entries have to stay, since the last call.
    std::vector<AbortedTransaction> take_aborted() { return std::exchange(aborted_, {}); }
    const CleaningCounts& counts() const { return counts_; }

  private:
    using Out = std::vector<std::uint8_t>;

    bool filter_data(const BatchHead& head, const BatchView& batch, Out& out);
    bool filter_control(const BatchHead& head, const BatchView& batch, Out& out);
    bool keeps(const Record& record, bool tombstones_may_go);
    bool is_last_of_producer(const BatchHead& head) const;
    bool must_leave_trace(const BatchHead& head) const;
    // Which records stay, into keep_. nullopt: the batch is damaged.
    struct Verdict {
        std::size_t kept = 0;
        bool any_tombstone = false;
    };
    std::optional<Verdict> judge(const BatchView& batch, ByteView payload);

    bool copy(const BatchView& batch, Out& out);
    bool drop_or_empty(const BatchHead& head, const BatchView& batch, Out& out);
    // Those that keep_ names; with a new horizon unless it is nullopt.
    bool rewrite(const BatchView& batch, ByteView payload, std::optional<TimestampMs> horizon,
                 Out& out);

    const CleaningRules& rules_;
    TransactionTracker& transactions_;
    Codecs& codecs_;
    CleaningCounts counts_;
    std::vector<AbortedTransaction> aborted_;
    std::vector<bool> keep_;
    std::vector<std::uint8_t> payload_;
    std::vector<std::uint8_t> rebuilt_;
    std::vector<RecordHeader> headers_;
};

}  // namespace milena::log
