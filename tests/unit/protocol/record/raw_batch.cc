#include "tests/unit/protocol/record/raw_batch.h"

#include "protocol/base/assert.h"
#include "protocol/base/crc32c.h"
#include "protocol/record/compress.h"

namespace milena::test {

namespace {

template <class T>
void put(Bytes& out, T value) {
    out.resize(out.size() + sizeof value);
    store_be(out.data() + out.size() - sizeof value, value);
}

Bytes with_length(const std::optional<std::string>& text, std::optional<std::int64_t> length) {
    const auto truth = text ? static_cast<std::int64_t>(text->size()) : -1;
    return varint(length.value_or(truth)) + bytes_of(text.value_or(""));
}

int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

}  // namespace

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

Bytes from_hex(std::string_view hex) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    }
    return out;
}

std::string to_hex(ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const auto byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

Bytes varint(std::int64_t value) {
    auto n = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    Bytes out;
    for (; n >= 0x80; n >>= 7) out.push_back(static_cast<std::uint8_t>(n | 0x80));
    out.push_back(static_cast<std::uint8_t>(n));
    return out;
}

Bytes padded_varint(std::int64_t value, std::size_t bytes) {
    auto out = varint(value);
    while (out.size() < bytes) {
        out.back() |= 0x80;
        out.push_back(0);
    }
    return out;
}

Bytes RawRecord::encoded() const {
    const auto body = Bytes{attributes} + varint(timestamp_delta) + varint(offset_delta) +
                      with_length(key, key_length) + with_length(value, value_length) + headers;
    return varint(length.value_or(static_cast<std::int64_t>(body.size()))) + body;
}

Bytes RawBatch::plain() const {
    Bytes out;
    for (const auto& record : records) out = std::move(out) + record.encoded();
    for (std::int32_t i = 0; records.empty() && i < make; ++i) {
        out = std::move(out) + RawRecord{.offset_delta = i}.encoded();
    }
    return out;
}

RawBatch RawBatch::compressed(Codec codec) const {
    RawBatch copy = *this;
    Codecs codecs;
    Bytes packed;
    const auto done =
        codecs.compress(Compression::standard(codec), payload ? *payload : plain(), packed);
    copy.payload = std::move(packed);
    MILENA_ASSERT(done.has_value());
    copy.attributes |= static_cast<int>(codec);
    return copy;
}

Bytes RawBatch::encoded() const {
    const auto count = records.empty() ? make : static_cast<std::int32_t>(records.size());
    Bytes covered;
    put(covered, static_cast<std::int16_t>(attributes));
    put(covered, last_offset_delta.value_or(count - 1));
    put(covered, base_timestamp);
    put(covered, max_timestamp.value_or(base_timestamp));
    put(covered, producer_id);
    put(covered, producer_epoch);
    put(covered, base_sequence);
    put(covered, record_count.value_or(count));
    covered = std::move(covered) + (payload ? *payload : plain());
    Bytes out;
    put(out, base_offset);
    put(out, length.value_or(static_cast<std::int32_t>(covered.size() + 9)));
    put(out, leader_epoch);
    put(out, magic);
    put(out, crc.value_or(crc32c(covered)));
    return std::move(out) + covered;
}

}  // namespace milena::test
