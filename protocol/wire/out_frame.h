// One message on its way out: bytes in memory, with ranges of files spliced in between.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/slice_source.h"

#include <cstdint>
#include <vector>

namespace milena {

// `bytes` begins with the 4-byte length prefix, which counts the spliced ranges too. A splice
// stands before bytes[at]; splices are in ascending order of `at`.
struct OutFrame {
    struct Splice {
        std::size_t at = 0;
        FileSlice slice;
    };

    std::vector<std::uint8_t> bytes;
    std::vector<Splice> splices;

    // Bytes on the wire, length prefix included.
    std::uint64_t size() const {
        std::uint64_t total = bytes.size();
        for (const auto& splice : splices) total += splice.slice.length;
        return total;
    }
};

}  // namespace milena
