// What the generated codecs share. Included by generated sources only.
#pragma once

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

#include <cstddef>

namespace milena::msg {

// The elements of an array of structs, without the count in front.
template <class T>
std::size_t size_elements(const Array<T>& array, int version) {
    std::size_t size = 0;
    for (const T& element : array) size += size_fields(element, version);
    return size;
}

// The value of a tagged field with its size in front.
inline std::size_t sized(std::size_t size) {
    return wire_size::uvarint(size) + size;
}

}  // namespace milena::msg
