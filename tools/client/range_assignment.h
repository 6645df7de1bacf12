// Who reads what in a group of the classic protocol: what its leader works out, by Kafka's range
// rule, and the bytes in which members say what they subscribe to and are told what they got.
// Source: clients/.../RangeAssignor.java, schema ConsumerProtocolSubscription/-Assignment.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "tools/client/groups.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace milena::client {

struct Subscriber {
    std::string member_id;
    std::optional<std::string> instance_id;
    std::vector<std::string> topics;
};

using PartitionCounts = std::map<std::string, std::int32_t>;

// By member id; members that get nothing are in it too. Topics without a count do not exist.
std::map<std::string, TopicPartitions> assign_ranges(std::vector<Subscriber> subscribers,
                                                     const PartitionCounts& counts);

std::vector<std::uint8_t> subscription_bytes(const std::vector<std::string>& topics);
Result<std::vector<std::string>> subscribed_topics(ByteView subscription);
std::vector<std::uint8_t> assignment_bytes(const TopicPartitions& assignment);
Result<TopicPartitions> assigned_partitions(ByteView assignment);

}  // namespace milena::client
