// CRC-32C (Castagnoli), the checksum of record batches and producer snapshots.
#pragma once

#include "protocol/base/bytes.h"

#include <cstdint>

namespace milena {

// Continues from `seed`, the result of an earlier call (0 to begin), so a checksum can be taken in
// pieces.
std::uint32_t crc32c(ByteView bytes, std::uint32_t seed = 0);

}  // namespace milena
