#include "protocol/record/batch_builder.h"

#include "protocol/base/assert.h"
#include "protocol/record/compress.h"
#include "protocol/record/record_writer.h"
#include "protocol/wire/writer.h"

#include <algorithm>

namespace milena {

BatchBuilder::BatchBuilder(const BatchTraits& traits) {
    reset(traits);
}

void BatchBuilder::reset(const BatchTraits& traits) {
    traits_ = traits;
    bytes_.assign(kBatchOverhead, 0);
    compressed_.clear();
    count_ = 0;
    base_timestamp_ = max_timestamp_ = kNoTimestamp;
}

void BatchBuilder::add(TimestampMs timestamp, NullableBytes key, NullableBytes value,
                       std::span<const RecordHeader> headers) {
    MILENA_ASSERT(compressed_.empty());
    if (count_ == 0) base_timestamp_ = timestamp;
    max_timestamp_ = std::max(max_timestamp_, timestamp);
    append_record({timestamp - base_timestamp_, count_, key, value, headers}, bytes_);
    ++count_;
}

std::size_t BatchBuilder::max_record_size(NullableBytes key, NullableBytes value,
                                          std::span<const RecordHeader> headers) {
    constexpr std::size_t kLongestNumbers = 5 + 1 + 10 + 5;
    return kLongestNumbers + record_contents_size(key, value, headers);
}

MutableBytes BatchBuilder::finish(Codecs& codecs) {
    if (traits_.compression.codec == Codec::none) return finish();
    MILENA_ASSERT(count_ > 0);
    compressed_.assign(kBatchOverhead, 0);
    const auto done =
        codecs.compress(traits_.compression, ByteView(bytes_).subspan(kBatchOverhead), compressed_);
    MILENA_ASSERT(done.has_value());
    write_header(compressed_);
    return compressed_;
}

MutableBytes BatchBuilder::finish() {
    MILENA_ASSERT(count_ > 0 && traits_.compression.codec == Codec::none);
    write_header(bytes_);
    return bytes_;
}

void BatchBuilder::write_header(MutableBytes batch) const {
    const bool stamped = traits_.timestamp_type == TimestampType::log_append_time;
    const auto attributes =
        static_cast<std::int16_t>(static_cast<int>(traits_.compression.codec) |
                                  (stamped ? batch_layout::kTimestampTypeBit : 0) |
                                  (traits_.transactional ? batch_layout::kTransactionalBit : 0) |
                                  (traits_.control ? batch_layout::kControlBit : 0));

    Writer w(batch.first(kBatchOverhead));
    w.int64(traits_.base_offset.value());
    w.int32(static_cast<std::int32_t>(batch.size() - batch_layout::kLengthEnd));
    w.int32(traits_.leader_epoch.value());
    w.int8(batch_layout::kMagicValue);
    w.uint32(0);
    w.int16(attributes);
    w.int32(count_ - 1);
    w.int64(base_timestamp_.value());
    w.int64((stamped ? traits_.log_append_time : max_timestamp_).value());
    w.int64(traits_.producer_id.value());
    w.int16(traits_.producer_epoch.value());
    w.int32(traits_.base_sequence.value());
    w.int32(count_);
    update_crc(batch);
}

}  // namespace milena
