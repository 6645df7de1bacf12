// The log of one coordinator shard: what its machine decided goes in, and comes out at replay.
//
// Everything is written with acks=all; who writes waits until the outcome is acknowledged. Driven
// by CoordinatorShard, which sees to one caller at a time.
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
    CoordinatorLog(std::shared_ptr<Partition> partition, Compression compression)
        : partition_(std::move(partition)), compression_(compression) {}

    Partition& partition() const { return *partition_; }

    // One batch. MESSAGE_TOO_LARGE beyond max.message.bytes, and the errors of Partition::append.
    Result<AppendOutcome> append(const coordinator::KeyedRecords& records,
                                 const std::optional<coordinator::TransactionalProducer>& producer,
                                 log::LogTime now, Verification verification);

    // From the start of the log to its end. Records without a key are passed over, as are control
    // records that are no markers. May block. KAFKA_STORAGE_ERROR, CORRUPT_MESSAGE,
    // NOT_LEADER_OR_FOLLOWER.
    Result<ReplayTotals> replay(ReplaySink& sink);

  private:
    const std::shared_ptr<Partition> partition_;
    const Compression compression_;
    BatchBuilder builder_;
    Codecs codecs_;
};

}  // namespace milena::replica
