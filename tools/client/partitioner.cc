#include "tools/client/partitioner.h"

#include <cstring>

namespace milena::client {

std::uint32_t murmur2(ByteView bytes) {
    constexpr std::uint32_t kSeed = 0x9747b28c;
    constexpr std::uint32_t kFactor = 0x5bd1e995;
    constexpr int kShift = 24;
    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(bytes.size());
    for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
        // The one place of the protocol that counts little-endian.
        std::uint32_t word = byte_swap(load_be<std::uint32_t>(bytes.data()));
        word *= kFactor;
        word ^= word >> kShift;
        word *= kFactor;
        hash = (hash * kFactor) ^ word;
    }
    if (!bytes.empty()) {
        for (std::size_t i = bytes.size(); i > 0; --i) {
            hash ^= static_cast<std::uint32_t>(bytes[i - 1]) << (8 * (i - 1));
        }
        hash *= kFactor;
    }
    hash ^= hash >> 13;
    hash *= kFactor;
    return hash ^ (hash >> 15);
}

PartitionIndex partition_of_key(ByteView key, std::int32_t count) {
    return PartitionIndex(static_cast<std::int32_t>(murmur2(key) & 0x7fffffff) % count);
}

}  // namespace milena::client
