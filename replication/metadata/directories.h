// Which log directory a replica is in, as far as the cluster knows (KIP-858).
#pragma once

#include "replication/metadata/image.h"

namespace milena::metadata {

// Reserved directory ids (server-common/.../DirectoryId.java).
inline constexpr DirectoryId kMigratingDirectory{Uuid{0, 0}};
inline constexpr DirectoryId kUnassignedDirectory{Uuid{0, 1}};

// Where a broker will put a new replica, as far as that is certain.
DirectoryId directory_on(const Image& image, BrokerId id);

// The directories of `replicas`, out of which those that `partition` has already stay where they
// are; empty when the cluster does not assign directories yet.
std::vector<DirectoryId> directories_of(const Image& image, const PartitionImage& partition,
                                        const std::vector<BrokerId>& replicas);

// Has the directory that this replica is in not failed? Also when it is not known.
bool is_online(const BrokerImage& broker, const PartitionImage& partition);

}  // namespace milena::metadata
