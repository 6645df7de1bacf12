// Reads the primitives of the protocol from bytes that nobody vouches for.
// Invariants: never reads outside its bytes; after the first mistake (sticky) every read gives zero
// and nothing is allocated; memory for arrays comes from the arena within the limits, and only
// after the element count was checked against the bytes that remain. Driven by generated codecs.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/base/nullable_string.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/nullable_bytes.h"
#include "protocol/wire/records.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>

namespace milena {

class Reader {
  public:
    // What is read views `bytes`; arrays live in `arena`, whose budget is set here.
    Reader(ByteView bytes, Arena& arena, const ReadLimits& limits = kRequestLimits);
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    bool ok() const { return mistake_ == nullptr; }
    std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    // What is wrong with the bytes and where; INVALID_REQUEST. `what` names the message.
    Error error(std::string_view what) const;

    bool boolean() { return fixed<std::uint8_t>() != 0; }
    std::int8_t int8() { return fixed<std::int8_t>(); }
    std::int16_t int16() { return fixed<std::int16_t>(); }
    std::int32_t int32() { return fixed<std::int32_t>(); }
    std::int64_t int64() { return fixed<std::int64_t>(); }
    std::uint16_t uint16() { return fixed<std::uint16_t>(); }
    std::uint32_t uint32() { return fixed<std::uint32_t>(); }
    double float64() { return std::bit_cast<double>(fixed<std::uint64_t>()); }
    Uuid uuid() {
        const auto high = fixed<std::uint64_t>();
        return {high, fixed<std::uint64_t>()};
    }

    // Seven bits a byte, least significant first; at most 5 (10) bytes. Bits beyond the width are
    // ignored, as Kafka does (clients/.../utils/ByteUtils.java).
    std::uint32_t uvarint() {
        if (at_ != end_ && *at_ < 0x80) return *at_++;
        return static_cast<std::uint32_t>(long_uvarint(5));
    }
    std::uint64_t uvarlong() { return long_uvarint(10); }
    // The same after zigzag.
    std::int32_t varint() {
        const auto n = uvarint();
        return static_cast<std::int32_t>((n >> 1) ^ (~(n & 1) + 1));
    }
    std::int64_t varlong() {
        const auto n = uvarlong();
        return static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
    }

    // `compact`: length + 1 as uvarint, 0 for null, instead of a length with -1 for null.
    std::string_view string(bool compact);
    NullableString nullable_string(bool compact, bool may_be_null);
    ByteView bytes(bool compact);
    NullableBytes nullable_bytes(bool compact, bool may_be_null);
    Records records(bool compact, bool may_be_null);

    // Is the nullable struct that follows present? A negative byte means null; in a tagged field it
    // is a zero varint.
    bool struct_present(bool may_be_null) { return present(int8() >= 0, may_be_null); }
    bool tagged_struct_present(bool may_be_null) { return present(uvarint() > 0, may_be_null); }

    // An array of default-constructed elements that the caller then fills. `min_width`: the fewest
    // bytes that an element takes.
    template <class T>
    Array<T> array(bool compact, bool may_be_null, std::size_t min_width) {
        const auto count = array_length(compact, may_be_null, min_width);
        if (count < 0) return ok() ? Array<T>::null() : Array<T>();
        if (count == 0) return {};
        void* memory = allocate(static_cast<std::size_t>(count), sizeof(T), alignof(T));
        if (memory == nullptr) return {};
        auto* elements = static_cast<T*>(memory);
        std::uninitialized_value_construct_n(elements, count);
        return {elements, static_cast<std::size_t>(count)};
    }
    // An array of numbers (plain or strong) or ids.
    template <class T>
    Array<T> fixed_array(bool compact, bool may_be_null);
    Array<std::string_view> string_array(bool compact, bool may_be_null);

    // Tagged fields of a struct that knows none.
    void skip_tags(bool flexible);

    // For checks that only the caller can make. `reason` must live for ever.
    void fail(const char* reason);

  private:
    friend class TagReader;

    template <class T>
    T fixed() {
        if (remaining() < sizeof(T)) [[unlikely]] {
            fail("the bytes end in the middle of a number");
            return 0;
        }
        const T value = load_be<T>(at_);
        at_ += sizeof(T);
        return value;
    }

    bool present(bool is_there, bool may_be_null) {
        if (!is_there && !may_be_null) fail("null stands where a value must be");
        return is_there && ok();
    }
    std::uint64_t long_uvarint(int max_bytes);
    // -1 for null; fails (and gives 0) when `bytes_each` times the length is more than what is
    // left.
    std::int64_t length(bool compact, bool may_be_null, std::size_t bytes_each, bool is_string);
    std::int64_t array_length(bool compact, bool may_be_null, std::size_t min_width);
    void* allocate(std::size_t count, std::size_t size, std::size_t alignment);
    ByteView take(std::int64_t size);

    const std::uint8_t* begin_;
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    Arena& arena_;
    const ReadLimits& limits_;
    const char* mistake_ = nullptr;
    std::size_t mistake_at_ = 0;
};

// Goes through the tagged fields of a struct:
//     for (TagReader tags(r, flexible); tags.next();) {
//         switch (tags.tag()) { case 0: ...; break; default: tags.skip(); }
//     }
// While a field is read, the reader ends where the field ends.
class TagReader {
  public:
    TagReader(Reader& reader, bool flexible);
    TagReader(const TagReader&) = delete;
    TagReader& operator=(const TagReader&) = delete;

    // False when there are no more, or a mistake was found.
    bool next();
    std::uint32_t tag() const { return tag_; }
    // Passes over a field that this version does not know.
    void skip();

  private:
    Reader& reader_;
    const std::uint8_t* outer_end_;
    std::uint32_t left_ = 0;
    std::uint32_t tag_ = 0;
    std::uint64_t seen_ = 0;
    bool inside_ = false;
};

template <class T>
Array<T> Reader::fixed_array(bool compact, bool may_be_null) {
    auto array = this->array<T>(compact, may_be_null, sizeof(T));
    for (T& element : array) {
        if constexpr (requires { typename T::rep; }) {
            if constexpr (std::is_same_v<typename T::rep, Uuid>) {
                element = T(uuid());
            } else {
                element = T(fixed<typename T::rep>());
            }
        } else if constexpr (std::is_same_v<T, Uuid>) {
            element = uuid();
        } else {
            element = fixed<T>();
        }
    }
    return array;
}

}  // namespace milena
