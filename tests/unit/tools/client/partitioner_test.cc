#include "tools/client/partitioner.h"

#include <gtest/gtest.h>

namespace milena::client {
namespace {

// Values of org.apache.kafka.common.utils.Utils.murmur2 in Kafka 4.2.0.
TEST(Partitioner, HashesKeysAsKafkaDoes) {
    const std::pair<std::string_view, std::int32_t> cases[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
        {"", 275646681},
    };
    for (const auto& [key, hash] : cases) {
        EXPECT_EQ(static_cast<std::int32_t>(murmur2(as_bytes(key))), hash) << key;
    }
    // The sign bit is dropped, not negated.
    EXPECT_EQ(partition_of_key(as_bytes("21"), 10), PartitionIndex((-973932308 & 0x7fffffff) % 10));
}

}  // namespace
}  // namespace milena::client
