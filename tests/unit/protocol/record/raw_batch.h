// Batches byte by byte, sound unless told otherwise: what a test wants broken it says.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/record/codec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::test {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes a, const Bytes& b);
Bytes bytes_of(std::string_view text);
Bytes from_hex(std::string_view hex);
std::string to_hex(ByteView bytes);

// Zigzag varint, as short as can be.
Bytes varint(std::int64_t value);
// `bytes` of a varint that spends more bytes than it needs.
Bytes padded_varint(std::int64_t value, std::size_t bytes);

struct RawRecord {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    std::optional<std::string> key = "k";
    std::optional<std::string> value = "v";
    Bytes headers = {0};  // from the count on
    std::uint8_t attributes = 0;
    // What the length fields say, when not the truth.
    std::optional<std::int64_t> length = std::nullopt;
    std::optional<std::int64_t> key_length = std::nullopt;
    std::optional<std::int64_t> value_length = std::nullopt;

    Bytes encoded() const;
};

struct RawBatch {
    // Either records, or `count` of them as they come, or a payload as it is.
    std::vector<RawRecord> records = {};
    std::int32_t make = 3;  // this many default records when there are none
    std::optional<Bytes> payload = std::nullopt;

    std::int64_t base_offset = 0;
    std::optional<std::int32_t> length = std::nullopt;
    std::int32_t leader_epoch = -1;
    std::int8_t magic = 2;
    std::optional<std::uint32_t> crc = std::nullopt;
    std::int32_t attributes = 0;
    std::optional<std::int32_t> last_offset_delta = std::nullopt;
    std::int64_t base_timestamp = 1'000'000;
    std::optional<std::int64_t> max_timestamp = std::nullopt;  // the base timestamp
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t base_sequence = -1;
    std::optional<std::int32_t> record_count = std::nullopt;

    Bytes encoded() const;
    // The records as they stand in the payload.
    Bytes plain() const;
    // The same compressed at the codec's standard level.
    RawBatch compressed(Codec codec) const;
};

}  // namespace milena::test
