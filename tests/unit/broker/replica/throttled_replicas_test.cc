#include "broker/replica/throttled_replicas.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

TEST(ThrottledReplicas, AreNamedByPartitionAndBroker) {
    struct Case {
        std::vector<std::string> words;
        bool first;   // partition 0 on broker 1
        bool second;  // partition 3 on broker 2
    };
    const Case cases[] = {
        {{}, false, false},
        {{"none"}, false, false},
        {{"*"}, true, true},
        {{"0:1"}, true, false},
        {{"0:2", "3:1"}, false, false},
        {{"0:1", "3:2"}, true, true},
        {{"3:", ":2", "x:y", "3:2x"}, false, false},
    };
    for (const auto& one : cases) {
        const ThrottledReplicas throttled(one.words);
        EXPECT_EQ(throttled.contains(PartitionIndex(0), BrokerId(1)), one.first);
        EXPECT_EQ(throttled.contains(PartitionIndex(3), BrokerId(2)), one.second);
    }
}

}  // namespace
}  // namespace milena::replica
