#include "protocol/record/record_reader.h"

#include "protocol/record/compress.h"
#include "protocol/record/record_walk.h"

#include <fmt/format.h>

namespace milena {

namespace {

NullableBytes nullable(const std::uint8_t* at, std::int32_t length) {
    if (length < 0) return {};
    return ByteView{at, static_cast<std::size_t>(length)};
}

}  // namespace

void RecordHeaders::Iterator::advance() {
    if (--left_ == 0) return;
    // read_body() has been over these bytes: only the end is not known here, nor needed.
    constexpr std::size_t kEnough = 10;
    const auto length = [this] {
        record_walk::MemoryCursor cursor({at_, kEnough});
        std::int32_t n = 0;
        cursor.varint(n);
        at_ = cursor.at();
        return n;
    };
    const auto take = [this](std::int32_t n) {
        const auto* bytes = at_;
        if (n > 0) at_ += n;
        return bytes;
    };
    const auto key_length = length();
    const auto* key = take(key_length);
    header_.key = as_text({key, static_cast<std::size_t>(key_length)});
    const auto value_length = length();
    header_.value = nullable(take(value_length), value_length);
}

RecordReader::RecordReader(const BatchView& batch, ByteView payload)
    : rest_(payload),
      base_offset_(batch.base_offset()),
      base_timestamp_(batch.base_timestamp()),
      max_timestamp_(batch.max_timestamp()),
      timestamp_type_(batch.timestamp_type()),
      count_(batch.record_count()) {
    if (count_ < 0) mistake_ = "the batch says that it has a negative number of records";
}

bool RecordReader::next() {
    if (mistake_ != nullptr) return false;
    if (index_ >= count_) {
        if (!rest_.empty()) mistake_ = "there are bytes behind the last record of the batch";
        return false;
    }
    record_walk::MemoryWalker walker(rest_);
    record_walk::RecordShape shape;
    if (!walker.next(shape)) {
        mistake_ = walker.mistake();
        return false;
    }
    rest_ = walker.rest();
    ++index_;
    record_.offset_delta = shape.offset_delta;
    record_.offset = base_offset_ + shape.offset_delta;
    // A sum beyond the range wraps, as Java's does.
    record_.timestamp = timestamp_type_ == TimestampType::log_append_time
                            ? max_timestamp_
                            : TimestampMs{static_cast<std::int64_t>(
                                  static_cast<std::uint64_t>(base_timestamp_.value()) +
                                  static_cast<std::uint64_t>(shape.timestamp_delta))};
    record_.key = nullable(shape.key, shape.key_length);
    record_.value = nullable(shape.value, shape.value_length);
    record_.headers = RecordHeaders(shape.headers, shape.header_count);
    return true;
}

Status RecordReader::status() const {
    if (mistake_ == nullptr) return {};
    return fail(ErrorCode::INVALID_RECORD,
                fmt::format("record {} of the batch at offset {} cannot be read: {}", index_,
                            base_offset_.value(), mistake_));
}

Result<ByteView> payload_of(const BatchView& batch, Codecs& codecs,
                            std::vector<std::uint8_t>& buffer, std::size_t max_bytes) {
    if (batch.codec() == Codec::none) return batch.records();
    MILENA_TRY(codecs.decompress(batch.codec(), batch.records(), buffer, max_bytes));
    return ByteView(buffer);
}

}  // namespace milena
