// Which response answers which request, for the APIs the tools call.
#pragma once

#include "protocol/msg/api_versions.h"
#include "protocol/msg/consumer_group_describe.h"
#include "protocol/msg/consumer_group_heartbeat.h"
#include "protocol/msg/create_partitions.h"
#include "protocol/msg/create_topics.h"
#include "protocol/msg/delete_groups.h"
#include "protocol/msg/delete_topics.h"
#include "protocol/msg/describe_cluster.h"
#include "protocol/msg/describe_configs.h"
#include "protocol/msg/describe_groups.h"
#include "protocol/msg/describe_producers.h"
#include "protocol/msg/describe_topic_partitions.h"
#include "protocol/msg/describe_transactions.h"
#include "protocol/msg/fetch.h"
#include "protocol/msg/find_coordinator.h"
#include "protocol/msg/heartbeat.h"
#include "protocol/msg/incremental_alter_configs.h"
#include "protocol/msg/init_producer_id.h"
#include "protocol/msg/join_group.h"
#include "protocol/msg/leave_group.h"
#include "protocol/msg/list_groups.h"
#include "protocol/msg/list_offsets.h"
#include "protocol/msg/list_partition_reassignments.h"
#include "protocol/msg/list_transactions.h"
#include "protocol/msg/metadata.h"
#include "protocol/msg/offset_commit.h"
#include "protocol/msg/offset_delete.h"
#include "protocol/msg/offset_fetch.h"
#include "protocol/msg/produce.h"
#include "protocol/msg/sync_group.h"
#include "protocol/msg/write_txn_markers.h"

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
MILENA_CALL(ConsumerGroupHeartbeat)
MILENA_CALL(CreatePartitions)
MILENA_CALL(CreateTopics)
MILENA_CALL(DeleteGroups)
MILENA_CALL(DeleteTopics)
MILENA_CALL(DescribeCluster)
MILENA_CALL(DescribeConfigs)
MILENA_CALL(DescribeGroups)
MILENA_CALL(DescribeProducers)
MILENA_CALL(DescribeTopicPartitions)
MILENA_CALL(DescribeTransactions)
MILENA_CALL(Fetch)
MILENA_CALL(FindCoordinator)
MILENA_CALL(Heartbeat)
MILENA_CALL(IncrementalAlterConfigs)
MILENA_CALL(InitProducerId)
MILENA_CALL(JoinGroup)
MILENA_CALL(LeaveGroup)
MILENA_CALL(ListGroups)
MILENA_CALL(ListOffsets)
MILENA_CALL(ListPartitionReassignments)
MILENA_CALL(ListTransactions)
MILENA_CALL(Metadata)
MILENA_CALL(OffsetCommit)
MILENA_CALL(OffsetDelete)
MILENA_CALL(OffsetFetch)
MILENA_CALL(Produce)
MILENA_CALL(SyncGroup)
MILENA_CALL(WriteTxnMarkers)
#undef MILENA_CALL

}  // namespace milena::client
