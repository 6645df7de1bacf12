// Walks batches of the metadata log or of a snapshot of it and hands out what they hold, checked.
#pragma once

#include "protocol/base/error.h"
#include "protocol/record/batch_view.h"
#include "protocol/record/compress.h"
#include "protocol/record/control_record.h"

#include <vector>

namespace milena::metadata {

class BatchVisitor {
  public:
    virtual ~BatchVisitor() = default;
    // The value of a metadata record.
    virtual Status on_record(ByteView value) = 0;
    // A record of the quorum itself; types that are not known are passed over before.
    virtual Status on_control(ControlType type, ByteView value) = 0;
    // After the last record of the batch.
    virtual void on_batch_end(const BatchView& batch) = 0;
};

class BatchWalk {
  public:
    // What the records of one batch may come to when decompressed.
    static constexpr std::size_t kMaxPayload = 64U << 20;

    // Whole batches, and perhaps the beginning of one behind them: how many bytes the whole ones
    // take. CORRUPT_MESSAGE when a checksum is wrong, INVALID_RECORD when the bytes are no batch;
    // the visitor's own errors.
    Result<std::size_t> walk(ByteView bytes, BatchVisitor& visitor);

  private:
    Status walk_batch(const BatchView& batch, BatchVisitor& visitor);

    Codecs codecs_;
    std::vector<std::uint8_t> payload_;
};

}  // namespace milena::metadata
