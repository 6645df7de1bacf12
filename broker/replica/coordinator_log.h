// The log of one coordinator shard: what its machine decided goes in, and comes out at replay.
//
// Everything is written with acks=all, in the one leader epoch that the shard lives in; who writes
// waits until the outcome is acknowledged. Records of several decisions may be collected into one
// batch. Driven by CoordinatorShard, which sees to one caller at a time.
#pragma once

#include "broker/coordinator/decision.h"
#include "broker/replica/partition.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "protocol/record/control_record.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace milena::replica {

// What a client is told when a coordinator's append or commit failed: whether to look for another
// coordinator, to try again here, or that it cannot work.
// (group-coordinator/.../CoordinatorOperationExceptionHelper.java)
Error coordinator_error(const Error& error);

// Takes what is replayed, in the order of the log.
class ReplaySink {
  public:
    virtual ~ReplaySink() = default;
    virtual void on_record(const coordinator::KeyedRecord& record,
                           const coordinator::RecordOrigin& origin) = 0;
    virtual void on_marker(const coordinator::TransactionalProducer& producer,
                           const TransactionMarker& marker) = 0;
    // False ends the replay early.
    virtual bool wanted() const = 0;
};

struct ReplayTotals {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
};

class CoordinatorLog {
  public:
    CoordinatorLog(std::shared_ptr<Partition> partition, LeaderEpoch epoch, Compression compression)
        : partition_(std::move(partition)), epoch_(epoch), compression_(compression) {}

    Partition& partition() const { return *partition_; }
    LeaderEpoch epoch() const { return epoch_; }

    // One batch, at once; none is being collected. MESSAGE_TOO_LARGE beyond max.message.bytes, and
    // the errors of Partition::append.
    Result<AppendOutcome> append(const coordinator::KeyedRecords& records,
                                 const std::optional<coordinator::TransactionalProducer>& producer,
                                 log::LogTime now, Verification verification);

    // --- Collecting ---

    bool is_collecting() const { return collecting_; }
    // Is there room for `records` in the batch that is being collected, or in a new one?
    bool has_room(const coordinator::KeyedRecords& records) const;
    // Puts records that have room into the batch, begins one when there is none. The offset that
    // the first of them will get: exact as long as nobody else writes to an internal topic, and in
    // the order of the log even then. The errors of Partition::check_append, for a new batch.
    Result<Offset> collect(const coordinator::KeyedRecords& records, TimestampMs now);
    // Writes the batch. The errors of append(), and everything that was collected is forgotten.
    Result<AppendOutcome> write_collected(log::LogTime now);
    void drop_collected() { collecting_ = false; }
    std::int32_t records_collected() const { return builder_.record_count(); }

    // From the start of the log to its end, up to `read_bytes` at once. Records without a key are
    // passed over, as are control records that are no markers. May block. KAFKA_STORAGE_ERROR,
    // CORRUPT_MESSAGE, NOT_LEADER_OR_FOLLOWER.
    Result<ReplayTotals> replay(ReplaySink& sink, std::uint64_t read_bytes);

  private:
    void begin_batch(const std::optional<coordinator::TransactionalProducer>& producer);
    void add(const coordinator::KeyedRecords& records, TimestampMs now);
    Result<AppendOutcome> write_batch(log::LogTime now, Verification verification);

    const std::shared_ptr<Partition> partition_;
    const LeaderEpoch epoch_;
    const Compression compression_;
    BatchBuilder builder_;
    Codecs codecs_;
    bool collecting_ = false;
    Offset next_offset_ = kNoOffset;  // of the next record that is collected
};

}  // namespace milena::replica
