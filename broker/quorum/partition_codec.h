// Between what the leader of partitions asks the active controller and the messages that carry it.
// Arrays of messages lie in the arena.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/msg/alter_partition.h"
#include "protocol/msg/assign_replicas_to_dirs.h"
#include "replication/metadata/requests.h"

namespace milena::quorum {

// For version 3, which every controller of our time knows.
msg::AlterPartitionRequest to_message(const metadata::AlterPartition& request, Arena& arena);
metadata::AlterPartition from_message(const msg::AlterPartitionRequest& message);
msg::AlterPartitionResponse to_message(const metadata::AlterPartition::Reply& reply, Arena& arena);
metadata::AlterPartition::Reply from_message(const msg::AlterPartitionResponse& message);

msg::AssignReplicasToDirsRequest to_message(const metadata::AssignReplicasToDirs& request,
                                            Arena& arena);
metadata::AssignReplicasToDirs from_message(const msg::AssignReplicasToDirsRequest& message);
// `request`: what it answers, in whose order it is.
msg::AssignReplicasToDirsResponse to_message(const metadata::AssignReplicasToDirs::Reply& reply,
                                             const metadata::AssignReplicasToDirs& request,
                                             Arena& arena);
metadata::AssignReplicasToDirs::Reply from_message(
    const msg::AssignReplicasToDirsResponse& message);

}  // namespace milena::quorum
