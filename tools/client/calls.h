// Which response answers which request, for the APIs the tools call.
#pragma once

#include "protocol/msg/api_versions.h"
#include "protocol/msg/consumer_group_describe.h"
#include "protocol/msg/create_partitions.h"
#include "protocol/msg/create_topics.h"
#include "protocol/msg/delete_groups.h"
#include "protocol/msg/delete_topics.h"
#include "protocol/msg/describe_cluster.h"
#include "protocol/msg/describe_configs.h"
#include "protocol/msg/describe_groups.h"
#include "protocol/msg/describe_topic_partitions.h"
#include "protocol/msg/fetch.h"
#include "protocol/msg/find_coordinator.h"
#include "protocol/msg/incremental_alter_configs.h"
#include "protocol/msg/init_producer_id.h"
#include "protocol/msg/list_groups.h"
#include "protocol/msg/list_offsets.h"
#include "protocol/msg/list_partition_reassignments.h"
#include "protocol/msg/metadata.h"
#include "protocol/msg/offset_commit.h"
#include "protocol/msg/offset_delete.h"
#include "protocol/msg/offset_fetch.h"
#include "protocol/msg/produce.h"

namespace milena::client {

template <class Request>
struct ResponseTo;

#define MILENA_CALL(name)                   \
    template <>                             \
    struct ResponseTo<msg::name##Request> { \
        using type = msg::name##Response;   \
    };
MILENA_CALL(ApiVersions)
MILENA_CALL(ConsumerGroupDescribe)
MILENA_CALL(CreatePartitions)
MILENA_CALL(CreateTopics)
MILENA_CALL(DeleteGroups)
MILENA_CALL(DeleteTopics)
MILENA_CALL(DescribeCluster)
MILENA_CALL(DescribeConfigs)
MILENA_CALL(DescribeGroups)
MILENA_CALL(DescribeTopicPartitions)
MILENA_CALL(Fetch)
MILENA_CALL(FindCoordinator)
MILENA_CALL(IncrementalAlterConfigs)
MILENA_CALL(InitProducerId)
MILENA_CALL(ListGroups)
MILENA_CALL(ListOffsets)
MILENA_CALL(ListPartitionReassignments)
MILENA_CALL(Metadata)
MILENA_CALL(OffsetCommit)
MILENA_CALL(OffsetDelete)
MILENA_CALL(OffsetFetch)
MILENA_CALL(Produce)
#undef MILENA_CALL

}  // namespace milena::client
