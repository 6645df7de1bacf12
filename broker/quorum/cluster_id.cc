#include "broker/quorum/cluster_id.h"

#include "log/meta_properties.h"

namespace milena::quorum {

Result<std::string> find_or_make_cluster_id(log::Disk& disk,
                                            const std::vector<std::string>& directories,
                                            Random& random) {
    std::string found;
    std::string found_in;
    for (const auto& directory : directories) {
        const auto exists = disk.exists(directory);
        if (!exists || !*exists) continue;
        // What cannot be read is told by whoever opens the directory.
        const auto read = log::read_meta_properties(disk, directory);
        if (!read) continue;
        const auto& properties = *read;
        if (!properties || properties->cluster_id.empty()) continue;
        if (!found.empty() && found != properties->cluster_id) {
            return fail(ErrorCode::INCONSISTENT_CLUSTER_ID,
                        directory + " belongs to cluster " + properties->cluster_id + ", but " +
                            found_in + " to cluster " + found +
                            "; let log.dirs name the directories of one cluster");
        }
        found = properties->cluster_id;
        found_in = directory;
    }
    return found.empty() ? random.uuid().to_string() : found;
}

}  // namespace milena::quorum
