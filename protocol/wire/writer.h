// Writes the primitives of the protocol into memory of exactly the right size, which the size
// functions of the codecs give. Driven by generated codecs.
// Invariant: never writes outside its memory (an assertion: size and encode must agree). What a
// message holds but its version cannot express makes the writer fail, sticky; it still writes all.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/nullable_string.h"
#include "protocol/base/time.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/nullable_bytes.h"
#include "protocol/wire/out_frame.h"
#include "protocol/wire/records.h"

#include <bit>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace milena {

class Writer {
  public:
    // Ranges of files go to `splices`; without it a message that holds one cannot be written.
    explicit Writer(MutableBytes memory, std::vector<OutFrame::Splice>* splices = nullptr)
        : begin_(memory.data()), at_(begin_), end_(begin_ + memory.size()), splices_(splices) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    bool ok() const { return mistake_ == nullptr; }
    std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    // Which field the version cannot express; UNSUPPORTED_VERSION. `what` names the message.
    Error error(std::string_view what) const;

    void boolean(bool value) { fixed<std::uint8_t>(value ? 1 : 0); }
    void int8(std::int8_t value) { fixed(value); }
    void int16(std::int16_t value) { fixed(value); }
    void int32(std::int32_t value) { fixed(value); }
    void int64(std::int64_t value) { fixed(value); }
    void uint16(std::uint16_t value) { fixed(value); }
    void uint32(std::uint32_t value) { fixed(value); }
    void float64(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
    void uuid(const Uuid& id) {
        fixed(id.high);
        fixed(id.low);
    }
    // Durations that do not fit the field become the greatest (least) that does.
    void millis32(Millis value);
    void millis64(Millis value) { fixed(static_cast<std::int64_t>(value.count())); }

    void uvarint(std::uint32_t value) { uvarlong(value); }
    void uvarlong(std::uint64_t value);
    void varint(std::int32_t value) {
        uvarint((static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31));
    }
    void varlong(std::int64_t value) {
        uvarlong((static_cast<std::uint64_t>(value) << 1) ^
                 static_cast<std::uint64_t>(value >> 63));
    }

    void string(std::string_view text, bool compact);
    void nullable_string(const NullableString& text, bool compact, bool may_be_null,
                         const char* field);
    void bytes(ByteView value, bool compact);
    void nullable_bytes(const NullableBytes& value, bool compact, bool may_be_null,
                        const char* field);
    void records(const Records& value, bool compact, bool may_be_null, const char* field);
    // In front of a nullable struct.
    void struct_present(bool present, bool may_be_null, const char* field);
    void tagged_struct_present(bool present, bool may_be_null, const char* field);

    // The count in front of an array; the caller then writes the elements.
    template <class T>
    void array_length(const Array<T>& array, bool compact, bool may_be_null, const char* field) {
        length(array.is_null() ? -1 : static_cast<std::int64_t>(array.size()), compact, may_be_null,
               field);
    }
    // An array of numbers (plain or strong) or ids.
    template <class T>
    void fixed_array(const Array<T>& array, bool compact, bool may_be_null, const char* field);
    void string_array(const Array<std::string_view>& array, bool compact, bool may_be_null,
                      const char* field);

    // Leaves bytes that are written already, or later.
    void skip(std::size_t bytes) {
        MILENA_ASSERT(remaining() >= bytes);
        at_ += bytes;
    }
    // Bytes as they are.
    void raw(ByteView bytes);

    // A field has a value that this version of the message cannot carry. `field` must live for
    // ever.
    void unsupported(const char* field) { fail("is set, but the version does not have it", field); }

  private:
    template <class T>
    void fixed(T value) {
        MILENA_ASSERT(remaining() >= sizeof(T));
        store_be(at_, value);
        at_ += sizeof(T);
    }
    void fail(const char* mistake, const char* field) {
        if (ok()) {
            mistake_ = mistake;
            field_ = field;
        }
    }
    void length(std::int64_t n, bool compact, bool may_be_null, const char* field);

    std::uint8_t* begin_;
    std::uint8_t* at_;
    std::uint8_t* end_;
    std::vector<OutFrame::Splice>* splices_;
    const char* mistake_ = nullptr;
    const char* field_ = "";
};

template <class T>
void Writer::fixed_array(const Array<T>& array, bool compact, bool may_be_null, const char* field) {
    array_length(array, compact, may_be_null, field);
    for (const T& element : array) {
        if constexpr (std::is_same_v<T, Uuid>) {
            uuid(element);
        } else if constexpr (requires { typename T::rep; }) {
            if constexpr (std::is_same_v<typename T::rep, Uuid>) {
                uuid(element.value());
            } else {
                fixed(element.value());
            }
        } else {
            fixed(element);
        }
    }
}

// How many bytes the writer takes for what has no fixed size.
namespace wire_size {

inline std::size_t uvarint(std::uint64_t value) {
    return static_cast<std::size_t>((std::bit_width(value | 1) + 6) / 7);
}
inline std::size_t varint(std::int64_t value) {
    return uvarint((static_cast<std::uint64_t>(value) << 1) ^
                   static_cast<std::uint64_t>(value >> 63));
}
inline std::size_t string(std::string_view text, bool compact) {
    return text.size() + (compact ? uvarint(text.size() + 1) : 2);
}
inline std::size_t nullable_string(const NullableString& text, bool compact) {
    return text.is_null() ? (compact ? 1 : 2) : string(*text, compact);
}
inline std::size_t bytes(ByteView value, bool compact) {
    return value.size() + (compact ? uvarint(value.size() + 1) : 4);
}
inline std::size_t nullable_bytes(const NullableBytes& value, bool compact) {
    return value.is_null() ? (compact ? 1 : 4) : bytes(*value, compact);
}
// Without the bytes that stay in a file.
inline std::size_t records(const Records& value, bool compact) {
    const auto prefix =
        compact ? (value.is_null() ? 1 : uvarint(value.size() + std::uint64_t{1})) : 4;
    return prefix + (value.is_file() ? 0 : value.size());
}
template <class T>
std::size_t array_length(const Array<T>& array, bool compact) {
    return compact ? (array.is_null() ? 1 : uvarint(array.size() + 1)) : 4;
}
std::size_t string_array(const Array<std::string_view>& array, bool compact);

}  // namespace wire_size
}  // namespace milena
