#include "protocol/base/crc32c.h"

#include <algorithm>
#include <limits>

#include <isa-l/crc.h>

namespace milena {

std::uint32_t crc32c(ByteView bytes, std::uint32_t seed) {
    std::uint32_t state = ~seed;
    while (!bytes.empty()) {
        // The library takes a signed length and, though it only reads, a non-const pointer.
        const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), 1U << 30));
        state = crc32_iscsi(const_cast<std::uint8_t*>(piece.data()), static_cast<int>(piece.size()),
                            state);
        bytes = bytes.subspan(piece.size());
    }
    return ~state;
}

}  // namespace milena
