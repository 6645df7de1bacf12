#include "protocol/record/record_walk.h"

#include <cstring>

namespace milena::record_walk {

void Window::fill(std::size_t wanted) {
    if (end_ - begin_ >= wanted || exhausted_) return;
    std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    while (end_ < memory_.size() && end_ < wanted) {
        const auto got = stream_->read(memory_.subspan(end_));
        if (!got) error_ = got.error();
        if (!got || *got == 0) {
            exhausted_ = true;
            return;
        }
        end_ += *got;
    }
}

bool WindowCursor::skip(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    while (bytes > 0) {
        window_->fill(1);
        const auto step = std::min(bytes, window_->view().size());
        if (step == 0) return false;
        window_->advance(step);
        bytes -= step;
    }
    return true;
}

bool WindowCursor::uvarint(int max_bytes, std::uint64_t& value) {
    value = 0;
    for (int i = 0; i < max_bytes; ++i) {
        window_->fill(1);
        if (left_ == 0 || window_->view().empty()) return false;
        const std::uint64_t byte = window_->view()[0];
        window_->advance(1);
        --left_;
        value |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) return true;
    }
    return false;
}

bool WindowWalker::at_end() {
    window_.fill(1);
    return window_.view().empty() && !window_.error();
}

bool WindowWalker::next(RecordShape& record) {
    constexpr std::size_t kLongestVarint = 5;
    window_.fill(kLongestVarint);
    MemoryCursor head(window_.view());
    std::int32_t length = 0;
    if (!head.varint(length)) return wrong("its length is missing, cut off or overlong");
    if (length < 0) return wrong("its length is negative");
    window_.advance(static_cast<std::size_t>(head.at() - window_.view().data()));
    const auto size = static_cast<std::size_t>(length);
    window_.fill(size);
    if (window_.view().size() >= size) {
        mistake_ = read_body(MemoryCursor(window_.view().first(size)), record);
        window_.advance(size);
    } else if (window_.exhausted()) {
        return wrong("it is longer than what is left of the batch");
    } else {
        mistake_ = read_body(WindowCursor(window_, size), record);
    }
    return mistake_ == nullptr;
}

}  // namespace milena::record_walk
