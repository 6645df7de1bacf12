#include "broker/quorum/cluster_id.h"

#include "log/meta_properties.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace milena::quorum {

std::string cluster_id_of(std::vector<FoundingVoter> voters) {
    std::sort(voters.begin(), voters.end(),
              [](const FoundingVoter& a, const FoundingVoter& b) { return a.id < b.id; });
    std::string text;
    for (const auto& voter : voters) {
        text += std::to_string(voter.id.value()) + '@' + voter.host + ':' +
                std::to_string(voter.port) + ',';
    }
    const auto hash = XXH3_128bits(text.data(), text.size());
    // Marked as a random id, which Kafka's are.
    const std::uint64_t high = (hash.high64 & ~0xf000ULL) | 0x4000ULL;
    const std::uint64_t low = (hash.low64 & ~(3ULL << 62)) | (2ULL << 62);
    return Uuid{high, low}.to_string();
}

Result<std::string> find_or_make_cluster_id(log::Disk& disk,
                                            const std::vector<std::string>& directories,
                                            const Founding& founding, Random& random) {
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
    if (!found.empty() && !founding.demanded.empty() && found != founding.demanded) {
        return fail(ErrorCode::INCONSISTENT_CLUSTER_ID,
                    found_in + " belongs to cluster " + found + ", but cluster.id is " +
                        founding.demanded + "; correct one of the two");
    }
    if (!found.empty()) return found;
    if (!founding.demanded.empty()) return founding.demanded;
    return founding.founded.empty() ? random.uuid().to_string() : founding.founded;
}

}  // namespace milena::quorum
