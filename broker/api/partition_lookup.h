// From the name of a partition in a request to the partition.
#pragma once

#include "broker/api/services.h"

namespace milena::api {

// UNKNOWN_TOPIC_OR_PARTITION when the cluster does not know it, NOT_LEADER_OR_FOLLOWER when another
// broker holds it.
Result<std::shared_ptr<replica::Partition>> find_partition(const Services& services,
                                                           std::string_view topic,
                                                           PartitionIndex index);
// The same by id: UNKNOWN_TOPIC_ID for an unknown one.
Result<std::shared_ptr<replica::Partition>> find_partition(const Services& services, TopicId topic,
                                                           PartitionIndex index);

}  // namespace milena::api
