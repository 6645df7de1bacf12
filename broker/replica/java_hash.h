// The hash of a string as Java computes it: Kafka places groups and transactions by it.
#pragma once

#include <cstdint>
#include <string_view>

namespace milena::replica {

// Of UTF-8 text; bytes that are not UTF-8 count as Java's decoder reads them, as U+FFFD.
// (java.lang.String.hashCode: over UTF-16 units, h = 31 h + unit)
std::int32_t java_hash(std::string_view text);

// Which of `count` > 0 partitions of an internal topic holds this group or transactional id.
// (clients/.../common/utils/Utils.java, abs)
std::int32_t coordinator_partition(std::string_view id, std::int32_t count);

}  // namespace milena::replica
