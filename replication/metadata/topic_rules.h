// The settings and features that decide over a topic's partitions, as the active controller sees
// them: of the topic, then of this controller's node, then of the cluster, then static.
#pragma once

#include "replication/metadata/controller.h"
#include "replication/metadata/partition_change.h"

namespace milena::metadata {

// Are eligible leader replicas (KIP-966) kept?
bool has_elr(const Image& image);

// min.insync.replicas, at most the number of replicas of the topic's first partition.
std::size_t effective_min_isr(const DecideContext& context, const TopicImage& topic);

// unclean.leader.election.enable
bool allows_unclean_election(const DecideContext& context, std::string_view topic);

// May this replica lead? Its broker is active and the directory it is in has not failed.
bool may_lead(const Image& image, const PartitionImage& partition, BrokerId id);

// What partitions of `topic` are settled by; may_lead is left to be filled in.
PartitionRules rules_of(const DecideContext& context, const TopicImage& topic);
// The same, for one partition by the state of its brokers.
PartitionRules rules_of(const DecideContext& context, const TopicImage& topic,
                        const PartitionImage& partition);

}  // namespace milena::metadata
