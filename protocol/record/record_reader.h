// Reads the records of a batch one after another, from bytes that nobody vouches for. Nothing is
// copied or allocated; what a record shows views the payload.
//
// A record: varint length of the rest, int8 attributes (unused), varlong timestamp delta, varint
// offset delta, varint key length (-1 null) and key, varint value length (-1 null) and value,
// varint header count, per header varint key length and UTF-8 key, varint value length (-1 null)
// and value. Source: clients/.../common/record/DefaultRecord.java.
//
// Driven by log/ (offsets by timestamp), replay of our own logs, the CLI, tests.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_view.h"
#include "protocol/wire/nullable_bytes.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace milena {

class Codecs;

struct RecordHeader {
    std::string_view key;
    NullableBytes value;

    friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

// The headers of a record, decoded while they are walked. Made by RecordReader, which has checked
// their bytes.
class RecordHeaders {
  public:
    class Iterator {
      public:
        RecordHeader operator*() const { return header_; }
        Iterator& operator++() {
            advance();
            return *this;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.left_ == b.left_; }

      private:
        friend class RecordHeaders;
        Iterator(const std::uint8_t* at, std::uint32_t left) : at_(at), left_(left + 1) {
            advance();
        }
        Iterator() = default;
        void advance();

        const std::uint8_t* at_ = nullptr;
        std::uint32_t left_ = 0;  // this one and those that follow
        RecordHeader header_;
    };

    RecordHeaders() = default;
    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    Iterator begin() const { return {bytes_, count_}; }
    Iterator end() const { return {}; }

  private:
    friend class RecordReader;
    RecordHeaders(const std::uint8_t* bytes, std::uint32_t count) : bytes_(bytes), count_(count) {}

    const std::uint8_t* bytes_ = nullptr;
    std::uint32_t count_ = 0;
};

struct Record {
    Offset offset = kNoOffset;
    TimestampMs timestamp = kNoTimestamp;  // the batch's when that is of log append time
    std::int32_t offset_delta = 0;
    NullableBytes key;
    NullableBytes value;
    RecordHeaders headers;
};

//     RecordReader reader(batch, payload);
//     while (reader.next()) use(reader.record());
//     MILENA_TRY(reader.status());
class RecordReader {
  public:
    // `payload`: the uncompressed records of `batch`, see payload_of().
    RecordReader(const BatchView& batch, ByteView payload);

    // False after the last record, and after the first mistake.
    bool next();
    const Record& record() const { return record_; }
    // INVALID_RECORD: which record is broken and how, or that there are fewer or more of them than
    // the batch says.
    Status status() const;

  private:
    ByteView rest_;
    Offset base_offset_;
    TimestampMs base_timestamp_;
    TimestampMs max_timestamp_;
    TimestampType timestamp_type_;
    std::int32_t count_;
    std::int32_t index_ = 0;
    const char* mistake_ = nullptr;
    Record record_;
};

// The uncompressed records of a batch: its own bytes, or `buffer`, into which they are
// decompressed. CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION_TYPE, and MESSAGE_TOO_LARGE beyond
// `max_bytes`.
Result<ByteView> payload_of(const BatchView& batch, Codecs& codecs,
                            std::vector<std::uint8_t>& buffer, std::size_t max_bytes);

}  // namespace milena
