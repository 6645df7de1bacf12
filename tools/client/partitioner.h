// Which partition a record goes to, as Kafka's producers decide it.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"

#include <cstdint>

namespace milena::client {

// 32-bit murmur2 with Kafka's seed (clients/.../common/utils/Utils.java).
std::uint32_t murmur2(ByteView bytes);

// The partition of a record with this key, out of `count` > 0.
PartitionIndex partition_of_key(ByteView key, std::int32_t count);

}  // namespace milena::client
