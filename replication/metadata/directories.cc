#include "replication/metadata/directories.h"

#include "replication/metadata/features.h"
#include "replication/metadata/record_versions.h"

#include <algorithm>

namespace milena::metadata {
namespace {

// nullopt when it is no replica; migrating when nobody has said yet.
std::optional<DirectoryId> known_directory(const PartitionImage& partition, BrokerId id) {
    const auto at = std::find(partition.replicas.begin(), partition.replicas.end(), id);
    if (at == partition.replicas.end()) return std::nullopt;
    const auto i = static_cast<std::size_t>(at - partition.replicas.begin());
    return i < partition.directories.size() ? partition.directories[i] : kMigratingDirectory;
}

}  // namespace

DirectoryId directory_on(const Image& image, BrokerId id) {
    const BrokerImage* broker = image.broker(id);
    if (!broker || broker->log_dirs.empty()) return kMigratingDirectory;
    return broker->log_dirs.size() == 1 ? broker->log_dirs.front() : kUnassignedDirectory;
}

std::vector<DirectoryId> directories_of(const Image& image, const PartitionImage& partition,
                                        const std::vector<BrokerId>& replicas) {
    std::vector<DirectoryId> directories;
    if (image.feature_level(kMetadataVersionFeature) < kMetadataVersion37Iv2) return directories;
    for (const BrokerId id : replicas) {
        const auto known = known_directory(partition, id);
        directories.push_back(known ? *known : directory_on(image, id));
    }
    return directories;
}

bool is_online(const BrokerImage& broker, const PartitionImage& partition) {
    const auto directory = known_directory(partition, broker.id);
    if (!directory || broker.log_dirs.empty() || *directory == kUnassignedDirectory ||
        *directory == kMigratingDirectory) {
        return true;
    }
    return std::find(broker.log_dirs.begin(), broker.log_dirs.end(), *directory) !=
           broker.log_dirs.end();
}

}  // namespace milena::metadata
