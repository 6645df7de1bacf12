#include "protocol/wire/writer.h"

#include "protocol/wire/limits.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace milena {

Error Writer::error(std::string_view what) const {
    return {ErrorCode::UNSUPPORTED_VERSION,
            fmt::format("{}: {} {}", what, field_, ok() ? "is fine" : mistake_)};
}

void Writer::millis32(Millis value) {
    using Limits = std::numeric_limits<std::int32_t>;
    int32(static_cast<std::int32_t>(
        std::clamp<std::int64_t>(value.count(), Limits::min(), Limits::max())));
}

void Writer::uvarlong(std::uint64_t value) {
    MILENA_ASSERT(remaining() >= wire_size::uvarint(value));
    while (value >= 0x80) {
        *at_++ = static_cast<std::uint8_t>(value | 0x80);
        value >>= 7;
    }
    *at_++ = static_cast<std::uint8_t>(value);
}

void Writer::raw(ByteView bytes) {
    MILENA_ASSERT(remaining() >= bytes.size());
    if (bytes.empty()) return;
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
}

void Writer::length(std::int64_t n, bool compact, bool may_be_null, const char* field) {
    if (n < 0 && !may_be_null) fail("is null, which the version does not allow", field);
    if (n > std::numeric_limits<std::int32_t>::max() - 1) fail("is too long", field);
    if (compact) {
        uvarint(static_cast<std::uint32_t>(n + 1));
    } else {
        int32(static_cast<std::int32_t>(n));
    }
}

void Writer::string(std::string_view text, bool compact) {
    if (text.size() > kMaxStringBytes) fail("is longer than 32767 bytes", "a string");
    if (compact) {
        uvarlong(text.size() + 1);
    } else {
        int16(static_cast<std::int16_t>(text.size()));
    }
    raw(as_bytes(text));
}

void Writer::nullable_string(const NullableString& text, bool compact, bool may_be_null,
                             const char* field) {
    if (text.has_value()) return string(*text, compact);
    if (!may_be_null) fail("is null, which the version does not allow", field);
    if (compact) {
        uvarint(0);
    } else {
        int16(-1);
    }
}

void Writer::bytes(ByteView value, bool compact) {
    length(static_cast<std::int64_t>(value.size()), compact, false, "a byte field");
    raw(value);
}

void Writer::nullable_bytes(const NullableBytes& value, bool compact, bool may_be_null,
                            const char* field) {
    if (value.has_value()) return bytes(*value, compact);
    length(-1, compact, may_be_null, field);
}

void Writer::records(const Records& value, bool compact, bool may_be_null, const char* field) {
    length(value.is_null() ? -1 : std::int64_t{value.size()}, compact, may_be_null, field);
    if (!value.is_file()) return raw(value.bytes());
    if (splices_ == nullptr) return fail("lies in a file, which only a frame can carry", field);
    if (value.size() > 0) splices_->push_back({position(), value.slice()});
}

void Writer::struct_present(bool present, bool may_be_null, const char* field) {
    if (!present && !may_be_null) fail("is null, which the version does not allow", field);
    int8(present ? 1 : -1);
}

void Writer::tagged_struct_present(bool present, bool may_be_null, const char* field) {
    if (!present && !may_be_null) fail("is null, which the version does not allow", field);
    uvarint(present ? 1 : 0);
}

void Writer::string_array(const Array<std::string_view>& array, bool compact, bool may_be_null,
                          const char* field) {
    array_length(array, compact, may_be_null, field);
    for (const auto& text : array) string(text, compact);
}

std::size_t wire_size::string_array(const Array<std::string_view>& array, bool compact) {
    std::size_t size = array_length(array, compact);
    for (const auto& text : array) size += string(text, compact);
    return size;
}

}  // namespace milena
