// A record batch (magic 2), read in place by offset, and the patches that a leader makes in place.
//
//   at  bytes  field                 covered by the CRC
//    0      8  base offset           no
//    8      4  length of what follows this field
//   12      4  partition leader epoch
//   16      1  magic = 2
//   17      4  CRC-32C of byte 21 to the end
//   21      2  attributes            yes, as everything that follows
//   23      4  last offset delta
//   27      8  base timestamp        (the delete horizon when attribute bit 6 is set)
//   35      8  max timestamp
//   43      8  producer id           -1: none
//   51      2  producer epoch        -1: none
//   53      4  base sequence         -1: none
//   57      4  record count
//   61         records, compressed as one block when a codec is set
//
// Attributes: bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon, the
// rest 0. Source: clients/.../common/record/DefaultRecordBatch.java.
#pragma once

#include "protocol/base/assert.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/codec.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace milena {

// Who made the timestamps of a batch: its producer, or the broker that appended it.
enum class TimestampType : std::uint8_t { create_time = 0, log_append_time = 1 };

// The sequence `n` >= 0 after `sequence`; wraps from 2^31-1 to 0.
constexpr Sequence sequence_after(Sequence sequence, std::int32_t n) {
    return Sequence{static_cast<std::int32_t>(
        (static_cast<std::uint32_t>(sequence.value()) + static_cast<std::uint32_t>(n)) &
        0x7fffffffU)};
}

namespace batch_layout {
inline constexpr std::size_t kBaseOffset = 0;
inline constexpr std::size_t kLength = 8;
inline constexpr std::size_t kLengthEnd = 12;  // where the bytes begin that the length counts
inline constexpr std::size_t kLeaderEpoch = 12;
inline constexpr std::size_t kMagic = 16;
inline constexpr std::size_t kCrc = 17;
inline constexpr std::size_t kAttributes = 21;  // the CRC covers all from here
inline constexpr std::size_t kLastOffsetDelta = 23;
inline constexpr std::size_t kBaseTimestamp = 27;
inline constexpr std::size_t kMaxTimestamp = 35;
inline constexpr std::size_t kProducerId = 43;
inline constexpr std::size_t kProducerEpoch = 51;
inline constexpr std::size_t kBaseSequence = 53;
inline constexpr std::size_t kRecordCount = 57;
inline constexpr std::size_t kRecords = 61;

inline constexpr std::int8_t kMagicValue = 2;
inline constexpr std::int16_t kCodecMask = 0x07;
inline constexpr std::int16_t kTimestampTypeBit = 0x08;
inline constexpr std::int16_t kTransactionalBit = 0x10;
inline constexpr std::int16_t kControlBit = 0x20;
inline constexpr std::int16_t kDeleteHorizonBit = 0x40;
}  // namespace batch_layout

// Bytes of a batch in front of its records; the shortest batch.
inline constexpr std::size_t kBatchOverhead = batch_layout::kRecords;

// What the first bytes of a range say about the batch that begins there.
struct BatchFrame {
    enum class Kind : std::uint8_t {
        whole,       // magic 2 and all `size` bytes are there
        partial,     // the range ends before the batch does; size is 0 when even that is unknown
        old_format,  // magic 0 or 1, all `size` bytes are there
        corrupt,     // a length below the least possible, or a magic that does not exist
    };
    Kind kind = Kind::partial;
    std::size_t size = 0;  // of the whole batch, from the base offset on
};
BatchFrame batch_frame(ByteView range);

// Views the bytes of exactly one batch that batch_frame() called whole. Reads are unchecked;
// nothing but the size is known to be right.
class BatchView {
  public:
    explicit BatchView(ByteView batch) : bytes_(batch) {
        MILENA_ASSERT(batch.size() >= kBatchOverhead);
    }

    ByteView bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    // Compressed when codec() says so.
    ByteView records() const { return bytes_.subspan(kBatchOverhead); }

    Offset base_offset() const { return Offset{read<std::int64_t>(batch_layout::kBaseOffset)}; }
    // What the length field says; size() - 12 in a sound batch.
    std::int32_t length() const { return read<std::int32_t>(batch_layout::kLength); }
    LeaderEpoch leader_epoch() const {
        return LeaderEpoch{read<std::int32_t>(batch_layout::kLeaderEpoch)};
    }
    std::int8_t magic() const { return read<std::int8_t>(batch_layout::kMagic); }
    std::uint32_t crc() const { return read<std::uint32_t>(batch_layout::kCrc); }
    std::int16_t attributes() const { return read<std::int16_t>(batch_layout::kAttributes); }
    std::int32_t last_offset_delta() const {
        return read<std::int32_t>(batch_layout::kLastOffsetDelta);
    }
    TimestampMs base_timestamp() const {
        return TimestampMs{read<std::int64_t>(batch_layout::kBaseTimestamp)};
    }
    TimestampMs max_timestamp() const {
        return TimestampMs{read<std::int64_t>(batch_layout::kMaxTimestamp)};
    }
    ProducerId producer_id() const {
        return ProducerId{read<std::int64_t>(batch_layout::kProducerId)};
    }
    ProducerEpoch producer_epoch() const {
        return ProducerEpoch{read<std::int16_t>(batch_layout::kProducerEpoch)};
    }
    Sequence base_sequence() const {
        return Sequence{read<std::int32_t>(batch_layout::kBaseSequence)};
    }
    std::int32_t record_count() const { return read<std::int32_t>(batch_layout::kRecordCount); }

    Codec codec() const { return static_cast<Codec>(attributes() & batch_layout::kCodecMask); }
    TimestampType timestamp_type() const {
        return has(batch_layout::kTimestampTypeBit) ? TimestampType::log_append_time
                                                    : TimestampType::create_time;
    }
    bool is_transactional() const { return has(batch_layout::kTransactionalBit); }
    bool is_control() const { return has(batch_layout::kControlBit); }
    bool has_producer_id() const { return producer_id() > kNoProducerId; }
    // From when on tombstones of this batch may go; set by compaction only.
    std::optional<TimestampMs> delete_horizon() const {
        if (!has(batch_layout::kDeleteHorizonBit)) return std::nullopt;
        return base_timestamp();
    }

    // Of the last record that the batch had when it was written, whatever compaction left of it.
    Offset last_offset() const { return base_offset() + last_offset_delta(); }
    // kNoSequence when the batch has none.
    Sequence last_sequence() const {
        if (base_sequence() == kNoSequence) return kNoSequence;
        return sequence_after(base_sequence(), last_offset_delta());
    }

    // Over all but the fields that brokers rewrite.
    std::uint32_t computed_crc() const;
    bool crc_matches() const { return crc() == computed_crc(); }

  private:
    template <class T>
    T read(std::size_t at) const {
        return load_be<T>(bytes_.data() + at);
    }
    bool has(std::int16_t bit) const { return (attributes() & bit) != 0; }

    ByteView bytes_;
};

// Patches of one whole batch in place. These two do not touch what the CRC covers ...
void set_base_offset(MutableBytes batch, Offset base_offset);
void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch);
// ... this one computes it anew, unless nothing changes.
void set_max_timestamp(MutableBytes batch, TimestampType type, TimestampMs max_timestamp);
// After other changes of covered bytes.
void update_crc(MutableBytes batch);

// Walks the batches of a range, as a request or a segment holds them:
//     BatchSplitter split(range);
//     while (split.next()) use(split.batch());
//     split.ended() ...
class BatchSplitter {
  public:
    explicit BatchSplitter(ByteView range) : rest_(range) {}

    // False when no whole batch of magic 2 follows.
    bool next() {
        rest_ = rest_.subspan(batch_.size());
        frame_ = batch_frame(rest_);
        batch_ = rest_.first(frame_.kind == BatchFrame::Kind::whole ? frame_.size : 0);
        return !batch_.empty();
    }
    BatchView batch() const { return BatchView(batch_); }
    // After next() gave false: the bytes that are left, and what they are. Kind::partial with no
    // bytes left is the clean end.
    ByteView rest() const { return rest_; }
    BatchFrame::Kind ended() const { return frame_.kind; }

  private:
    ByteView rest_;
    ByteView batch_;
    BatchFrame frame_;
};

}  // namespace milena
