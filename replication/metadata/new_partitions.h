// What creating topics and adding partitions have in common: placement and the records of new
// partitions.
#pragma once

#include "replication/metadata/controller.h"

#include <vector>

namespace milena::metadata {

// Brokers of one new partition, the preferred leader first.
using Replicas = std::vector<BrokerId>;

// `replication_factor` brokers for each of `count` partitions; INVALID_REPLICATION_FACTOR.
Result<std::vector<Replicas>> place_new_partitions(const DecideContext& context, std::int32_t count,
                                                   std::int16_t replication_factor);

// Replicas that a user chose: registered brokers, each once, at least one.
// INVALID_REPLICA_ASSIGNMENT.
Status check_replicas(const Image& image, const Replicas& replicas, PartitionIndex index);
// And of a new partition: as many as asked for (0: any number), at least one of them active.
Status check_new_replicas(const Image& image, const Replicas& replicas,
                          std::size_t replication_factor, PartitionIndex index);

// The record of a new partition: every active replica is in sync, the first of them leads.
void add_new_partition(RecordList& records, const Image& image, TopicId topic, PartitionIndex index,
                       const Replicas& replicas);

// POLICY_VIOLATION when these are more records than one request may write.
Status check_size(const RecordList& records);

}  // namespace milena::metadata
