// What one message may cost its reader. The only place where these numbers stand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace milena {

struct ReadLimits {
    // Memory for decoded arrays: at most `arena_multiple` times the bytes of the message plus
    // `arena_slack`, whatever the message claims.
    std::size_t arena_multiple;
    std::size_t arena_slack;
    // Tagged fields of one struct, and the bytes of one of them.
    std::uint32_t max_tags;
    std::uint32_t max_tag_bytes;
};

// Requests of anybody who can open a connection. The bookkeeping of the arena itself fits between
// this slack and 64 KiB.
inline constexpr ReadLimits kRequestLimits{4, 60 * 1024, 64, 64 * 1024};
// Responses of a broker that we chose to talk to, records of our own log: short names in many
// elements make structs that are larger than four times their bytes.
inline constexpr ReadLimits kTrustedLimits{16, 1024 * 1024, 1024, 0x7fffffff};

// The protocol's own bound on a string, also where the encoding could hold more
// (clients/.../generator/MessageDataGenerator.java).
inline constexpr std::size_t kMaxStringBytes = 0x7fff;

}  // namespace milena
