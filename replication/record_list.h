// Values of log records in one buffer: what a decision wants written, on its way to the log.
#pragma once

#include "protocol/base/bytes.h"

#include <cstdint>
#include <vector>

namespace milena {

class RecordList {
  public:
    std::size_t size() const { return ends_.size(); }
    bool empty() const { return ends_.empty(); }
    std::size_t bytes() const { return buffer_.size(); }

    // Valid until the list changes.
    ByteView operator[](std::size_t i) const {
        const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
        return ByteView(buffer_).subspan(begin, ends_[i] - begin);
    }

    void add(ByteView value) {
        buffer_.insert(buffer_.end(), value.begin(), value.end());
        ends_.push_back(buffer_.size());
    }
    // `write(out)` appends the bytes of one more record to `out`.
    template <class Write>
    void add_by(Write&& write) {
        write(buffer_);
        ends_.push_back(buffer_.size());
    }
    // Forgets all but the first `count` records.
    void truncate(std::size_t count) {
        buffer_.resize(count == 0 ? 0 : ends_[count - 1]);
        ends_.resize(count);
    }

    friend bool operator==(const RecordList&, const RecordList&) = default;

  private:
    std::vector<std::uint8_t> buffer_;
    std::vector<std::size_t> ends_;
};

}  // namespace milena
