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

// Reads from memory, up to `end`.
class MemoryCursor {
  public:
    explicit MemoryCursor(ByteView bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    const std::uint8_t* at() const { return at_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

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
        if (bytes > left()) return false;
        at_ += bytes;
        return true;
    }

  private:
    template <int kMaxBytes, class T>
    bool uvarint(T& value) {
        if (at_ == end_) return false;
        T n = *at_++;
        if (n < 0x80) [[likely]] {
            value = n;
            return true;
        }
        n &= 0x7f;
        for (int i = 1; i < kMaxBytes; ++i) {
            if (at_ == end_) return false;
            const T byte = *at_++;
            n |= (byte & 0x7f) << (7 * i);
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
    WindowCursor(Window& window, std::size_t limit) : window_(window), left_(limit) {}

    const std::uint8_t* at() const { return nullptr; }
    std::size_t left() const { return left_; }
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

    Window& window_;
    std::size_t left_;
};

// Reads what follows the length of a record. What is wrong with it, or nullptr.
template <class Cursor>
const char* read_body(Cursor& c, RecordShape& record) {
    std::int32_t n = 0;
    if (!c.skip(1) || !c.varlong(record.timestamp_delta) || !c.varint(record.offset_delta)) {
        return "it ends within its timestamp or offset";
    }
    if (!c.varint(record.key_length)) return "it ends within the length of its key";
    if (record.key_length < -1) return "the length of its key is negative";
    record.key = c.at();
    if (record.key_length > 0 && !c.skip(static_cast<std::size_t>(record.key_length))) {
        return "its key is longer than the record";
    }
    if (!c.varint(record.value_length)) return "it ends within the length of its value";
    if (record.value_length < -1) return "the length of its value is negative";
    record.value = c.at();
    if (record.value_length > 0 && !c.skip(static_cast<std::size_t>(record.value_length))) {
        return "its value is longer than the record";
    }
    if (!c.varint(n)) return "it ends within the number of its headers";
    if (n == 0) [[likely]] {
        record.header_count = 0;
    } else {
        // A header takes at least two bytes.
        if (n < 0 || static_cast<std::size_t>(n) > c.left() / 2) {
            return "it has an invalid number of headers";
        }
        record.header_count = static_cast<std::uint32_t>(n);
        record.headers = c.at();
        for (std::uint32_t i = 0; i < record.header_count; ++i) {
            if (!c.varint(n) || n < 0 || !c.skip(static_cast<std::size_t>(n))) {
                return "a header key is null or longer than the record";
            }
            if (!c.varint(n) || n < -1 || (n > 0 && !c.skip(static_cast<std::size_t>(n)))) {
                return "the length of a header value is negative or longer than the record";
            }
        }
    }
    return c.left() == 0 ? nullptr : "it says that it is longer than its fields are";
}

// Goes from record to record, in memory or through a window.
class PayloadWalker {
  public:
    explicit PayloadWalker(ByteView payload) : memory_(payload) {}
    explicit PayloadWalker(Window& window) : memory_(ByteView()), window_(&window) {}

    // False when no further record can be read; mistake() says why.
    bool next(RecordShape& record) {
        if (window_ != nullptr) [[unlikely]]
            return next_in_window(record);
        std::int32_t length = 0;
        if (!memory_.varint(length)) return wrong_length();
        if (length < 0) return wrong("its length is negative");
        if (static_cast<std::size_t>(length) > memory_.left()) return beyond_end();
        MemoryCursor body({memory_.at(), static_cast<std::size_t>(length)});
        memory_.skip(static_cast<std::size_t>(length));
        mistake_ = read_body(body, record);
        return mistake_ == nullptr;
    }
    // Are there no bytes left? For after the last record.
    bool at_end();
    // What is left in memory.
    ByteView rest() const { return {memory_.at(), memory_.left()}; }

    const char* mistake() const { return mistake_; }
    // Why the bytes stopped coming, where that was not their end.
    const std::optional<Error>* stream_error() const {
        return window_ != nullptr && window_->error() ? &window_->error() : nullptr;
    }

  private:
    bool next_in_window(RecordShape& record);
    bool wrong(const char* mistake) {
        mistake_ = mistake;
        return false;
    }
    bool wrong_length() { return wrong("its length is missing, cut off or overlong"); }
    bool beyond_end() { return wrong("it is longer than what is left of the batch"); }

    MemoryCursor memory_;
    Window* window_ = nullptr;
    const char* mistake_ = nullptr;
};

}  // namespace milena::record_walk
