#include "protocol/wire/reader.h"

#include <fmt/format.h>

namespace milena {

Reader::Reader(ByteView bytes, Arena& arena, const ReadLimits& limits)
    : begin_(bytes.data()),
      at_(begin_),
      end_(begin_ + bytes.size()),
      arena_(arena),
      limits_(limits) {
    arena.set_budget(bytes.size() * limits.arena_multiple + limits.arena_slack);
}

Error Reader::error(std::string_view what) const {
    return {ErrorCode::INVALID_REQUEST,
            fmt::format("{}: {} (at byte {})", what, ok() ? "no mistake" : mistake_,
                        ok() ? position() : mistake_at_)};
}

void Reader::fail(const char* reason) {
    if (!ok()) return;
    mistake_ = reason;
    mistake_at_ = position();
    at_ = end_;
}

std::uint64_t Reader::long_uvarint(int max_bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < max_bytes; ++i) {
        if (at_ == end_) {
            fail("the bytes end in the middle of a varint");
            return 0;
        }
        const std::uint8_t byte = *at_++;
        value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
        if (byte < 0x80) return value;
    }
    fail(max_bytes == 5 ? "a varint is longer than 5 bytes" : "a varint is longer than 10 bytes");
    return 0;
}

std::int64_t Reader::length(bool compact, bool may_be_null, std::size_t bytes_each,
                            bool is_string) {
    std::int64_t n = 0;
    if (compact) {
        n = static_cast<std::int64_t>(uvarint()) - 1;
    } else {
        n = is_string ? int16() : int32();
    }
    if (!ok()) return 0;
    if (n < 0) {
        if (n == -1 && may_be_null) return -1;
        fail(n == -1 ? "null stands where a value must be" : "a length is negative");
        return 0;
    }
    if (static_cast<std::uint64_t>(n) * bytes_each > remaining()) {
        fail("a length is greater than what is left of the message");
        return 0;
    }
    return n;
}

ByteView Reader::take(std::int64_t size) {
    const ByteView bytes{at_, static_cast<std::size_t>(size)};
    at_ += size;
    return bytes;
}

NullableString Reader::nullable_string(bool compact, bool may_be_null) {
    const auto n = length(compact, may_be_null, 1, true);
    if (n < 0) return {};
    if (static_cast<std::size_t>(n) > kMaxStringBytes) {
        fail("a string is longer than 32767 bytes");
        return {};
    }
    return as_text(take(n));
}

std::string_view Reader::string(bool compact) {
    return *nullable_string(compact, false);
}

NullableBytes Reader::nullable_bytes(bool compact, bool may_be_null) {
    const auto n = length(compact, may_be_null, 1, false);
    if (n < 0) return {};
    return take(n);
}

ByteView Reader::bytes(bool compact) {
    return *nullable_bytes(compact, false);
}

Records Reader::records(bool compact, bool may_be_null) {
    const auto n = length(compact, may_be_null, 1, false);
    if (n < 0) return {};
    return Records(take(n));
}

std::int64_t Reader::array_length(bool compact, bool may_be_null, std::size_t min_width) {
    return length(compact, may_be_null, min_width, false);
}

void* Reader::allocate(std::size_t count, std::size_t size, std::size_t alignment) {
    void* memory = arena_.try_allocate(count * size, alignment);
    if (memory == nullptr) fail("the message needs more memory than its size allows");
    return memory;
}

Array<std::string_view> Reader::string_array(bool compact, bool may_be_null) {
    auto strings = array<std::string_view>(compact, may_be_null, compact ? 1 : 2);
    for (auto& text : strings) text = string(compact);
    return strings;
}

void Reader::skip_tags(bool flexible) {
    for (TagReader tags(*this, flexible); tags.next();) tags.skip();
}

TagReader::TagReader(Reader& reader, bool flexible) : reader_(reader), outer_end_(reader.end_) {
    if (!flexible) return;
    left_ = reader.uvarint();
    if (left_ > reader.limits_.max_tags) reader.fail("a struct has too many tagged fields");
}

bool TagReader::next() {
    if (inside_ && reader_.at_ != reader_.end_) {
        reader_.fail("a tagged field is longer than its value");
    }
    inside_ = false;
    reader_.end_ = outer_end_;
    if (!reader_.ok()) reader_.at_ = outer_end_;
    if (!reader_.ok() || left_ == 0) return false;
    --left_;
    tag_ = reader_.uvarint();
    const auto size = reader_.uvarint();
    if (size > reader_.limits_.max_tag_bytes) reader_.fail("a tagged field is too long");
    if (size > reader_.remaining()) reader_.fail("a tagged field is longer than the message");
    if (tag_ < 64) {
        if ((seen_ >> tag_ & 1) != 0) reader_.fail("a tagged field stands twice");
        seen_ |= std::uint64_t{1} << tag_;
    }
    if (!reader_.ok()) return false;
    reader_.end_ = reader_.at_ + size;
    inside_ = true;
    return true;
}

void TagReader::skip() {
    reader_.at_ = reader_.end_;
    if (tag_ < 64) seen_ &= ~(std::uint64_t{1} << tag_);
}

}  // namespace milena
