#include "protocol/record/batch_view.h"

#include "protocol/base/crc32c.h"

namespace milena {

namespace {

// The least that the length field of any format can say: the overhead of a magic 0 message. Below
// 49 no magic 2 batch is possible either, but Kafka finds that out later, from the CRC.
constexpr std::int32_t kLeastLength = 14;

std::uint8_t* field(MutableBytes batch, std::size_t at) {
    MILENA_ASSERT(batch.size() >= kBatchOverhead);
    return batch.data() + at;
}

}  // namespace

// Source: clients/.../common/record/ByteBufferLogInputStream.java.
BatchFrame batch_frame(ByteView range) {
    using Kind = BatchFrame::Kind;
    if (range.size() < batch_layout::kLengthEnd) return {Kind::partial, 0};
    const auto length = load_be<std::int32_t>(range.data() + batch_layout::kLength);
    if (length < kLeastLength) return {Kind::corrupt, 0};
    if (range.size() <= batch_layout::kMagic) return {Kind::partial, 0};
    const auto magic = load_be<std::int8_t>(range.data() + batch_layout::kMagic);
    if (magic < 0 || magic > batch_layout::kMagicValue) return {Kind::corrupt, 0};
    const auto size = batch_layout::kLengthEnd + static_cast<std::size_t>(length);
    if (size > range.size()) return {Kind::partial, size};
    if (magic != batch_layout::kMagicValue) return {Kind::old_format, size};
    if (size < kBatchOverhead) return {Kind::corrupt, size};
    return {Kind::whole, size};
}

std::uint32_t BatchView::computed_crc() const {
    return crc32c(bytes_.subspan(batch_layout::kAttributes));
}

void set_base_offset(MutableBytes batch, Offset base_offset) {
    store_be(field(batch, batch_layout::kBaseOffset), base_offset.value());
}

void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch) {
    store_be(field(batch, batch_layout::kLeaderEpoch), epoch.value());
}

void set_max_timestamp(MutableBytes batch, TimestampType type, TimestampMs max_timestamp) {
    const BatchView view(batch);
    if (view.timestamp_type() == type && view.max_timestamp() == max_timestamp) return;
    const auto others = view.attributes() & ~batch_layout::kTimestampTypeBit;
    const auto bit = type == TimestampType::log_append_time ? batch_layout::kTimestampTypeBit : 0;
    store_be(field(batch, batch_layout::kAttributes), static_cast<std::int16_t>(others | bit));
    store_be(field(batch, batch_layout::kMaxTimestamp), max_timestamp.value());
    update_crc(batch);
}

void update_crc(MutableBytes batch) {
    store_be(field(batch, batch_layout::kCrc), BatchView(batch).computed_crc());
}

}  // namespace milena
