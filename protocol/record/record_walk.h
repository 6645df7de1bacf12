// The one decoder of records: RecordReader shows what it finds, batch_check judges it.
//
// Invariants: never reads outside the bytes it was given; memory does not depend on the data, also
// for records that are larger than the window of a compressed batch. Internal to protocol/record.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/record/compress.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace milena::record_walk {

// A record as it stands in memory. The pointers of one that came through a window are not set.
struct RecordShape {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    std::int32_t key_length = -1;    // -1: null
    std::int32_t value_length = -1;  // -1: null
    std::uint32_t header_count = 0;
    const std::uint8_t* key = nullptr;
    const std::uint8_t* value = nullptr;
    const std::uint8_t* headers = nullptr;
};

constexpr std::int64_t unzigzag(std::uint64_t n) {
    return static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
}
constexpr std::int32_t unzigzag(std::uint32_t n) {
    return static_cast<std::int32_t>((n >> 1) ^ (~(n & 1) + 1));
}

// Reads from memory. `kSlack`: that many bytes behind the end are readable too, so a few numbers
// may be read before somebody looks whether they were within.
template <std::size_t kSlack>
class BasicCursor {
  public:
    explicit BasicCursor(ByteView bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    const std::uint8_t* at() const { return at_; }
    // Bytes up to the end; negative when the slack has been touched.
    std::ptrdiff_t left() const { return end_ - at_; }

    // A varint of at most 5 (10) bytes; bits beyond the width are ignored, as Kafka does
    // (clients/.../utils/ByteUtils.java). False when it is cut off or longer.
    bool varint(std::int32_t& value) {
        std::uint32_t n = 0;
        if (!uvarint<5>(n)) return false;
        value = unzigzag(n);
        return true;
    }
    bool varlong(std::int64_t& value) {
        std::uint64_t n = 0;
        if (!uvarint<10>(n)) return false;
        value = unzigzag(n);
        return true;
    }
    bool skip(std::size_t bytes) {
        if (static_cast<std::ptrdiff_t>(bytes) > left()) [[unlikely]]
            return false;
        at_ += bytes;
        return true;
    }

  private:
    bool ended() const { return kSlack == 0 && at_ == end_; }

    template <int kMaxBytes, class T>
    bool uvarint(T& value) {
        if (ended()) [[unlikely]]
            return false;
        T n = *at_++;
        if (n < 0x80) [[likely]] {
            value = n;
            return true;
        }
        n &= 0x7f;
        for (int shift = 7; shift < 7 * kMaxBytes; shift += 7) {
            if (ended()) [[unlikely]]
                return false;
            const T byte = *at_++;
            n |= (byte & 0x7f) << shift;
            if (byte < 0x80) {
                value = n;
                return true;
            }
        }
        return false;
    }

    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

using MemoryCursor = BasicCursor<0>;
// The most that read_body() reads between two calls of skip() that look where it stands.
inline constexpr std::size_t kBodySlack = 1 + 10 + 5 + 5;
using SlackCursor = BasicCursor<kBodySlack>;

// A stream seen through a window that slides over it.
class Window {
  public:
    // Below this much room for new bytes the decompressors copy more than they need to.
    static constexpr std::size_t kBytes = 128 * 1024;

    // `memory`: kBytes.
    Window(ByteStream& stream, MutableBytes memory) : stream_(&stream), memory_(memory) {}

    ByteView view() const { return memory_.subspan(begin_, end_ - begin_); }
    void advance(std::size_t bytes) { begin_ += bytes; }
    // Reads on until the window is full, the stream at its end, or `wanted` bytes are in view.
    void fill(std::size_t wanted);
    // No more bytes will come into view.
    bool exhausted() const { return exhausted_; }
    const std::optional<Error>& error() const { return error_; }

  private:
    ByteStream* stream_;
    MutableBytes memory_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool exhausted_ = false;
    std::optional<Error> error_;
};

// Reads through a window, for records that do not fit into it. Slow.
class WindowCursor {
  public:
    // Not beyond `limit` bytes from here.
    WindowCursor(Window& window, std::size_t limit) : window_(&window), left_(limit) {}

    const std::uint8_t* at() const { return nullptr; }
    std::ptrdiff_t left() const { return static_cast<std::ptrdiff_t>(left_); }
    bool varint(std::int32_t& value) {
        std::uint64_t n = 0;
        if (!uvarint(5, n)) return false;
        value = unzigzag(static_cast<std::uint32_t>(n));
        return true;
    }
    bool varlong(std::int64_t& value) {
        std::uint64_t n = 0;
        if (!uvarint(10, n)) return false;
        value = unzigzag(n);
        return true;
    }
    bool skip(std::size_t bytes);

  private:
    bool uvarint(int max_bytes, std::uint64_t& value);

    Window* window_;
    std::size_t left_;
};

// How many bytes a nullable field of that length takes.
constexpr std::size_t field_bytes(std::int32_t length) {
    return static_cast<std::size_t>(length < 0 ? 0 : length);
}

// Nothing follows the headers of a record.
template <class Cursor>
const char* at_end_of_record(const Cursor& c) {
    return c.left() == 0 ? nullptr : "it is not as long as it says";
}

// Cursors are passed by value, so that they stay in registers.
template <class Cursor>
[[gnu::noinline]] const char* read_headers(Cursor c, std::int32_t count, RecordShape& record) {
    // A header takes at least two bytes.
    if (count < 0 || count > c.left() / 2) return "it has an invalid number of headers";
    record.header_count = static_cast<std::uint32_t>(count);
    record.headers = c.at();
    for (std::int32_t i = 0; i < count; ++i) {
        std::int32_t n = 0;
        if (!c.varint(n) || n < 0 || !c.skip(static_cast<std::size_t>(n))) {
            return "a header key is null or longer than the record";
        }
        if (!c.varint(n) || n < -1 || !c.skip(field_bytes(n))) {
            return "the length of a header value is negative or longer than the record";
        }
    }
    return at_end_of_record(c);
}

// Reads what follows the length of a record. What is wrong with it, or nullptr.
template <class Cursor>
const char* read_body(Cursor c, RecordShape& record) {
    if (!c.skip(1) || !c.varlong(record.timestamp_delta) || !c.varint(record.offset_delta)) {
        return "it ends within its timestamp or offset";
    }
    if (!c.varint(record.key_length)) return "it ends within the length of its key";
    if (record.key_length < -1) return "the length of its key is negative";
    record.key = c.at();
    if (!c.skip(field_bytes(record.key_length))) return "its key is longer than the record";
    if (!c.varint(record.value_length)) return "it ends within the length of its value";
    if (record.value_length < -1) return "the length of its value is negative";
    record.value = c.at();
    if (!c.skip(field_bytes(record.value_length))) return "its value is longer than the record";
    std::int32_t headers = 0;
    if (!c.varint(headers)) return "it ends within the number of its headers";
    if (headers != 0) [[unlikely]]
        return read_headers(c, headers, record);
    record.header_count = 0;
    return at_end_of_record(c);
}

// What both walkers below do: next() reads one record and is false when it cannot, then mistake()
// says why; at_end() is for after the last record.

// Goes from record to record in memory.
class MemoryWalker {
  public:
    explicit MemoryWalker(ByteView payload) : cursor_(payload) {}

    bool next(RecordShape& record) {
        std::int32_t length = 0;
        if (!cursor_.varint(length)) return wrong("its length is missing, cut off or overlong");
        if (length < 0) return wrong("its length is negative");
        const ByteView bytes(cursor_.at(), static_cast<std::size_t>(length));
        if (!cursor_.skip(bytes.size())) {
            return wrong("it is longer than what is left of the batch");
        }
        mistake_ = cursor_.left() >= static_cast<std::ptrdiff_t>(kBodySlack)
                       ? read_body(SlackCursor(bytes), record)
                       : read_body(MemoryCursor(bytes), record);
        return mistake_ == nullptr;
    }
    bool at_end() const { return cursor_.left() == 0; }
    const char* mistake() const { return mistake_; }
    const Error* stream_error() const { return nullptr; }

    ByteView rest() const { return {cursor_.at(), static_cast<std::size_t>(cursor_.left())}; }

  private:
    bool wrong(const char* mistake) {
        mistake_ = mistake;
        return false;
    }

    MemoryCursor cursor_;
    const char* mistake_ = nullptr;
};

// The same through a window.
class WindowWalker {
  public:
    explicit WindowWalker(Window& window) : window_(window) {}

    bool next(RecordShape& record);
    bool at_end();
    const char* mistake() const { return mistake_; }
    // Why the bytes stopped coming, where that was not their end.
    const Error* stream_error() const { return window_.error() ? &*window_.error() : nullptr; }

  private:
    bool wrong(const char* mistake) {
        mistake_ = mistake;
        return false;
    }

    Window& window_;
    const char* mistake_ = nullptr;
};

}  // namespace milena::record_walk
