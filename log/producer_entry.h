// What a log remembers of one idempotent or transactional producer.
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_view.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace milena::log {

// The sequence `n` >= 0 before `sequence`; wraps from 0 to 2^31-1.
constexpr Sequence sequence_before(Sequence sequence, std::int32_t n) {
    return Sequence{static_cast<std::int32_t>(
        (static_cast<std::uint32_t>(sequence.value()) - static_cast<std::uint32_t>(n)) &
        0x7fffffffU)};
}

// A data batch as its producer numbered it and the log placed it.
struct ProducerBatch {
    ProducerId producer_id;
    ProducerEpoch producer_epoch;
    Sequence base_sequence;
    Offset first_offset;
    Offset last_offset;
    TimestampMs max_timestamp;
    bool transactional = false;

    Sequence last_sequence() const {
        return sequence_after(base_sequence, static_cast<std::int32_t>(last_offset - first_offset));
    }
};

struct ProducerEntry {
    static constexpr std::size_t kRememberedBatches = 5;

    // Enough of a batch to answer when it is sent again. 24 bytes.
    struct Remembered {
        Offset last_offset;
        TimestampMs timestamp;
        Sequence last_sequence;
        std::int32_t offset_delta = 0;

        Offset first_offset() const { return last_offset - offset_delta; }
        Sequence first_sequence() const { return sequence_before(last_sequence, offset_delta); }
    };

    ProducerEpoch epoch = kNoProducerEpoch;
    std::uint8_t batch_count = 0;
    std::array<Remembered, kRememberedBatches> batches;  // oldest first
    std::int32_t coordinator_epoch = -1;
    TimestampMs last_timestamp = kNoTimestamp;
    Offset current_txn_first_offset = kNoOffset;

    bool has_open_transaction() const { return current_txn_first_offset != kNoOffset; }
    const Remembered* last_batch() const {
        return batch_count == 0 ? nullptr : &batches[batch_count - 1U];
    }
    Sequence last_sequence() const {
        return batch_count == 0 ? kNoSequence : last_batch()->last_sequence;
    }

    // A new epoch starts with no batches to compare with.
    void begin_epoch(ProducerEpoch next) {
        if (next == epoch) return;
        epoch = next;
        batch_count = 0;
    }
    void remember(const Remembered& batch) {
        if (batch_count == kRememberedBatches) {
            for (std::size_t i = 1; i < kRememberedBatches; ++i) batches[i - 1] = batches[i];
            --batch_count;
        }
        batches[batch_count++] = batch;
    }
};

}  // namespace milena::log
