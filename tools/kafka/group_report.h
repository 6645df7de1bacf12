// What describing and resetting groups share between `milena group` and kafka-consumer-groups.
#pragma once

#include "tools/client/groups.h"
#include "tools/kafka/groups_print.h"

#include <string>
#include <vector>

namespace milena::kafka_tools {

// Where the group stands in every partition that it has a position in or that a member owns:
// members with most partitions first, then partitions that nobody owns. The rows view `group`.
Result<std::vector<PositionRow>> positions(client::Cluster& cluster,
                                           const client::GroupDescription& group);

// All partitions of those topics that name none. UNKNOWN_TOPIC_OR_PARTITION.
Result<client::TopicPartitions> complete(client::Cluster& cluster,
                                         client::TopicPartitions partitions);

// The partitions that these offsets are of.
client::TopicPartitions partitions_of(const client::CommittedOffsets& offsets);

// "Dead" when there is no such group.
Result<std::string> state_of(client::Cluster& cluster, const std::string& group);

}  // namespace milena::kafka_tools
