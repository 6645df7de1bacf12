// Records with keys in one buffer: what a coordinator's decision wants written to its internal
// topic, on its way to the log. A record without a value is a tombstone.
#pragma once

#include "protocol/base/bytes.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace milena::coordinator {

// Views a buffer that somebody else owns.
struct KeyedRecord {
    ByteView key;
    std::optional<ByteView> value;  // absent: a tombstone
};

class KeyedRecords {
  public:
    std::size_t size() const { return ends_.size(); }
    bool empty() const { return ends_.empty(); }
    std::size_t bytes() const { return buffer_.size(); }

    // Valid until the list changes.
    KeyedRecord operator[](std::size_t i) const {
        const std::size_t begin = i == 0 ? 0 : ends_[i - 1].value;
        const ByteView key = ByteView(buffer_).subspan(begin, ends_[i].key - begin);
        if (ends_[i].is_tombstone) return {key, std::nullopt};
        return {key, ByteView(buffer_).subspan(ends_[i].key, ends_[i].value - ends_[i].key)};
    }

    // `write_key(out)` and `write_value(out)` append the bytes of one more record to `out`.
    template <class WriteKey, class WriteValue>
    void add_by(WriteKey&& write_key, WriteValue&& write_value) {
        write_key(buffer_);
        const std::size_t key_end = buffer_.size();
        write_value(buffer_);
        ends_.push_back({key_end, buffer_.size(), false});
    }
    template <class WriteKey>
    void add_tombstone_by(WriteKey&& write_key) {
        write_key(buffer_);
        ends_.push_back({buffer_.size(), buffer_.size(), true});
    }

    friend bool operator==(const KeyedRecords&, const KeyedRecords&) = default;

  private:
    // Where the key and the value of a record end in the buffer.
    struct Ends {
        std::size_t key;
        std::size_t value;
        bool is_tombstone;
        friend bool operator==(const Ends&, const Ends&) = default;
    };

    std::vector<std::uint8_t> buffer_;
    std::vector<Ends> ends_;
};

}  // namespace milena::coordinator
