#include "protocol/record/record_writer.h"

#include "protocol/base/assert.h"
#include "protocol/wire/writer.h"

namespace milena {
namespace {

std::size_t nullable_size(const NullableBytes& bytes) {
    return bytes.is_null()
               ? wire_size::varint(-1)
               : wire_size::varint(static_cast<std::int64_t>((*bytes).size())) + (*bytes).size();
}

void write_nullable(Writer& w, const NullableBytes& bytes) {
    w.varint(bytes.is_null() ? -1 : static_cast<std::int32_t>((*bytes).size()));
    w.raw(*bytes);
}

}  // namespace

std::size_t record_contents_size(const NullableBytes& key, const NullableBytes& value,
                                 std::span<const RecordHeader> headers) {
    auto size = nullable_size(key) + nullable_size(value) +
                wire_size::varint(static_cast<std::int64_t>(headers.size()));
    for (const auto& header : headers) {
        size += nullable_size(as_bytes(header.key)) + nullable_size(header.value);
    }
    return size;
}

void append_record(const RecordParts& record, std::vector<std::uint8_t>& out) {
    const auto length = 1 + wire_size::varint(record.timestamp_delta) +
                        wire_size::varint(record.offset_delta) +
                        record_contents_size(record.key, record.value, record.headers);
    const auto total = wire_size::varint(static_cast<std::int64_t>(length)) + length;
    const auto begin = out.size();
    out.resize(begin + total);

    Writer w(MutableBytes(out).subspan(begin));
    w.varint(static_cast<std::int32_t>(length));
    w.int8(0);
    w.varlong(record.timestamp_delta);
    w.varint(record.offset_delta);
    write_nullable(w, record.key);
    write_nullable(w, record.value);
    w.varint(static_cast<std::int32_t>(record.headers.size()));
    for (const auto& header : record.headers) {
        write_nullable(w, as_bytes(header.key));
        write_nullable(w, header.value);
    }
    MILENA_ASSERT(w.remaining() == 0);
}

}  // namespace milena
