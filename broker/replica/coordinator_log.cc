#include "broker/replica/coordinator_log.h"

#include "protocol/base/assert.h"
#include "protocol/base/read_slice.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace milena::replica {
namespace {

using coordinator::KeyedRecord;
using coordinator::RecordOrigin;
using coordinator::TransactionalProducer;

// A batch that is collected is written when it has grown to this: more would not make it cheaper.
constexpr std::size_t kMostCollected = 256 << 10;
// Of the varint before a key or a value.
constexpr std::size_t kLongestLength = 5;
constexpr std::size_t kAnySize = std::numeric_limits<std::int32_t>::max();

// Walks the batches of one read.
class BatchReplay {
  public:
    BatchReplay(ReplaySink& sink, ReplayTotals& totals) : sink_(sink), totals_(totals) {}

    // Where to read on; `from` again when no whole batch is there.
    Result<Offset> replay(ByteView bytes, Offset from) {
        Offset next = from;
        BatchSplitter split(bytes);
        while (split.next()) {
            MILENA_TRY(replay_batch(split.batch()));
            next = split.batch().last_offset() + 1;
        }
        return next;
    }

  private:
    Status replay_batch(const BatchView& batch) {
        if (!batch.crc_matches()) {
            return fail(ErrorCode::CORRUPT_MESSAGE,
                        "the batch at offset " + std::to_string(batch.base_offset().value()) +
                            " does not match its checksum");
        }
        MILENA_ASSIGN(const auto payload, payload_of(batch, codecs_, buffer_, kAnySize));
        RecordReader reader(batch, payload);
        while (reader.next()) {
            if (batch.is_control()) {
                replay_control(batch, reader.record());
            } else {
                replay_record(batch, reader.record());
            }
        }
        totals_.bytes += batch.size();
        return reader.status();
    }

    void replay_control(const BatchView& batch, const Record& record) {
        // Other control records mean nothing to a coordinator.
        const auto marker = parse_transaction_marker(record);
        if (!marker) return;
        sink_.on_marker({batch.producer_id(), batch.producer_epoch()}, *marker);
    }

    void replay_record(const BatchView& batch, const Record& record) {
        if (record.key.is_null()) return;
        RecordOrigin origin{record.offset, record.timestamp, std::nullopt};
        if (batch.is_transactional()) {
            origin.producer = TransactionalProducer{batch.producer_id(), batch.producer_epoch()};
        }
        KeyedRecord keyed{*record.key, std::nullopt};
        if (record.value.has_value()) keyed.value = *record.value;
        sink_.on_record(keyed, origin);
        ++totals_.records;
    }

    ReplaySink& sink_;
    ReplayTotals& totals_;
    Codecs codecs_;
    std::vector<std::uint8_t> buffer_;
};

}  // namespace

Error coordinator_error(const Error& error) {
    Error told = error;
    switch (error.code) {
        case ErrorCode::UNKNOWN_TOPIC_OR_PARTITION:
        case ErrorCode::NOT_ENOUGH_REPLICAS:
        case ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND:
        case ErrorCode::REQUEST_TIMED_OUT:
            told.code = ErrorCode::COORDINATOR_NOT_AVAILABLE;
            break;
        case ErrorCode::NOT_LEADER_OR_FOLLOWER:
        case ErrorCode::KAFKA_STORAGE_ERROR:
            told.code = ErrorCode::NOT_COORDINATOR;
            break;
        case ErrorCode::MESSAGE_TOO_LARGE:
        case ErrorCode::RECORD_LIST_TOO_LARGE:
        case ErrorCode::INVALID_FETCH_SIZE:
            told.code = ErrorCode::UNKNOWN_SERVER_ERROR;
            break;
        default:
            break;
    }
    return told;
}

void CoordinatorLog::begin_batch(const std::optional<TransactionalProducer>& producer) {
    BatchTraits traits;
    traits.compression = compression_;
    if (producer) {
        traits.producer_id = producer->id;
        traits.producer_epoch = producer->epoch;
        traits.transactional = true;
    }
    builder_.reset(traits);
}

void CoordinatorLog::add(const coordinator::KeyedRecords& records, TimestampMs now) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto record = records[i];
        builder_.add(now, record.key,
                     record.value ? NullableBytes(*record.value) : NullableBytes());
    }
}

Result<AppendOutcome> CoordinatorLog::write_batch(log::LogTime now, Verification verification) {
    const auto batch = builder_.finish(codecs_);
    const auto max = partition_->settings()->batches.max_message_bytes;
    if (batch.size() > max) {
        return fail(ErrorCode::MESSAGE_TOO_LARGE,
                    "the coordinator's records take " + std::to_string(batch.size()) +
                        " bytes; max.message.bytes of " + partition_->name().topic + " is " +
                        std::to_string(max));
    }
    return partition_->append(batch, Acks::all, log::AppendOrigin::coordinator, now, verification,
                              epoch_);
}

Result<AppendOutcome> CoordinatorLog::append(const coordinator::KeyedRecords& records,
                                             const std::optional<TransactionalProducer>& producer,
                                             log::LogTime now, Verification verification) {
    MILENA_ASSERT(!collecting_);
    begin_batch(producer);
    add(records, now.wall);
    return write_batch(now, verification);
}

bool CoordinatorLog::has_room(const coordinator::KeyedRecords& records) const {
    // Beyond the bytes of key and value.
    static const std::size_t overhead =
        BatchBuilder::max_record_size(NullableBytes(), NullableBytes()) + 2 * kLongestLength;
    const auto settings = partition_->settings();
    const std::size_t max =
        std::min<std::size_t>(settings->batches.max_message_bytes, kMostCollected);
    const auto now = collecting_ ? builder_.size_uncompressed() : kBatchOverhead;
    return now + records.bytes() + records.size() * overhead <= max;
}

Result<Offset> CoordinatorLog::collect(const coordinator::KeyedRecords& records, TimestampMs now) {
    if (!collecting_) {
        MILENA_ASSIGN(next_offset_, partition_->check_append(epoch_));
        begin_batch(std::nullopt);
        collecting_ = true;
    }
    add(records, now);
    return std::exchange(next_offset_, next_offset_ + static_cast<std::int64_t>(records.size()));
}

Result<AppendOutcome> CoordinatorLog::write_collected(log::LogTime now) {
    MILENA_ASSERT(collecting_);
    collecting_ = false;
    return write_batch(now, {});
}

Result<ReplayTotals> CoordinatorLog::replay(ReplaySink& sink, std::uint64_t read_bytes) {
    ReplayTotals totals;
    BatchReplay batches(sink, totals);
    MILENA_ASSIGN(const auto start,
                  partition_->find_offset(OffsetQuery::earliest, kNoTimestamp,
                                          partition::Reader::replica, kNoLeaderEpoch, codecs_));
    Offset next = start.offset;
    std::vector<std::uint8_t> buffer;
    while (sink.wanted()) {
        ReadRequest request;
        request.from = next;
        request.max_bytes = read_bytes;
        request.first = log::FirstBatch::always_whole;
        request.reader = partition::Reader::replica;
        MILENA_ASSIGN(const auto read, partition_->read(request));
        if (read.records.empty()) break;
        MILENA_TRY(read_whole(read.records.slice, buffer, partition_->name().label()));
        MILENA_ASSIGN(const auto reached, batches.replay(buffer, next));
        if (reached == next) {
            return fail(ErrorCode::CORRUPT_MESSAGE, partition_->name().label() +
                                                        " holds no whole batch at offset " +
                                                        std::to_string(next.value()));
        }
        next = reached;
    }
    return totals;
}

}  // namespace milena::replica
