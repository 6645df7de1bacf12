// Builds record batches: metadata log, coordinators, the CLI's producer, tests.
//
// Bytes are those of Kafka's own builder (clients/.../record/MemoryRecordsBuilder.java): the base
// timestamp is the first record's, varints are minimal, the CRC is last. Compressed payloads may
// differ from Java's in how they are packed, never in what they hold.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_view.h"
#include "protocol/record/codec.h"
#include "protocol/record/record_reader.h"
#include "protocol/wire/nullable_bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace milena {

class Codecs;

// What a batch says of all its records.
struct BatchTraits {
    Offset base_offset{0};
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    Compression compression;
    TimestampType timestamp_type = TimestampType::create_time;
    TimestampMs log_append_time = kNoTimestamp;  // the max timestamp when the type asks for it
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Sequence base_sequence = kNoSequence;
    bool transactional = false;
    bool control = false;
};

class BatchBuilder {
  public:
    explicit BatchBuilder(const BatchTraits& traits = {});

    // Adds the record of the next offset.
    void add(TimestampMs timestamp, NullableBytes key, NullableBytes value,
             std::span<const RecordHeader> headers = {});

    std::int32_t record_count() const { return count_; }
    bool empty() const { return count_ == 0; }
    // Of the batch if it were finished now without compression.
    std::size_t size_uncompressed() const { return bytes_.size(); }
    // What one more record could add at most, so that a limit can be kept.
    static std::size_t max_record_size(NullableBytes key, NullableBytes value,
                                       std::span<const RecordHeader> headers = {});

    // Completes the header. The batch is not empty; its bytes live here until reset(), and may be
    // patched. Nothing but reset() follows.
    MutableBytes finish(Codecs& codecs);
    // For batches without compression.
    MutableBytes finish();
    // Begins another batch in the same memory.
    void reset(const BatchTraits& traits);

  private:
    void write_header(MutableBytes batch) const;

    BatchTraits traits_;
    std::vector<std::uint8_t> bytes_;       // header and uncompressed records
    std::vector<std::uint8_t> compressed_;  // header and compressed records
    std::int32_t count_ = 0;
    TimestampMs base_timestamp_ = kNoTimestamp;
    TimestampMs max_timestamp_ = kNoTimestamp;
};

}  // namespace milena
