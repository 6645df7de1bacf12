// Walks the batches of a segment by their headers, without decoding records.
//
// Magic 2 is what protocol/record knows. Of what Kafka wrote long ago, magic 0 and 1, the log needs
//    0  int64   offset              of the last record inside
//    8  int32   length of the rest
//   12  uint32  CRC-32 of byte 16 to the end
//   16  int8    magic, 17 int8 attributes, and with magic 1 from 18 int64 timestamp
#pragma once

#include "log/byte_ranges.h"
#include "log/disk.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_view.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace milena::log {

struct BatchHead {
    std::uint64_t position = 0;  // in the segment
    std::uint64_t size = 0;      // of the whole batch
    std::int8_t magic = 2;
    Offset base_offset;
    Offset last_offset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    TimestampMs max_timestamp = kNoTimestamp;
    std::int16_t attributes = 0;
    ProducerId producer_id = kNoProducerId;
    ProducerEpoch producer_epoch = kNoProducerEpoch;
    Sequence base_sequence = kNoSequence;
    std::int32_t record_count = 0;

    bool is_transactional() const { return (attributes & batch_layout::kTransactionalBit) != 0; }
    bool is_control() const { return (attributes & batch_layout::kControlBit) != 0; }
    bool has_producer_id() const { return producer_id > kNoProducerId; }
    std::uint64_t end() const { return position + size; }
};

// The batch that begins with `bytes`, which need not hold all of it. CORRUPT_MESSAGE with the
// reason when it can be none; nullopt when `bytes` ends before its header does.
Result<std::optional<BatchHead>> parse_batch_head(ByteView bytes);
// Does the checksum match? `batch` is a whole one.
bool batch_checksum_matches(const BatchHead& head, ByteView batch);

// What was read is no batch, as opposed to: it could not be read.
inline bool is_corruption(const Error& error) {
    return error.code == ErrorCode::CORRUPT_MESSAGE;
}

class BatchScanner {
  public:
    static constexpr std::size_t kHeaderWindow = 4096;  // batch headers between two index entries
    static constexpr std::size_t kBodyWindow = 1U << 20U;  // for reading everything

    // Batches between two byte positions of a segment; `window`: how much to read at once.
    BatchScanner(const File& file, std::uint64_t position, std::uint64_t end, std::size_t window);

    // From now on passes over what is known to be damaged; `damage` outlives the scanner and may
    // grow.
    void step_over(const ByteRanges& damage) { damage_ = &damage; }

    // The next whole batch. nullopt: nothing but perhaps a cut batch is left before the end.
    // CORRUPT_MESSAGE: what stands there is no batch.
    Result<std::optional<BatchHead>> next();
    // What next() would give.
    Result<std::optional<BatchHead>> peek();
    // All bytes of the batch that next() gave; valid until the next call.
    Result<ByteView> body();
    // Where the next batch begins, or the invalid bytes.
    std::uint64_t position() const { return position_; }
    // Goes back to where a batch was found that turns out to be none.
    void seek(std::uint64_t position) { position_ = position; }

  private:
    Status load(std::uint64_t position, std::uint64_t wanted);
    ByteView loaded(std::uint64_t position) const;

    const File& file_;
    const ByteRanges* damage_ = nullptr;
    std::uint64_t position_;
    std::uint64_t end_;
    std::size_t window_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t capacity_ = 0;
    std::uint64_t loaded_at_ = 0;
    std::uint64_t loaded_bytes_ = 0;
    BatchHead current_;
};

}  // namespace milena::log
