// Which cluster this node belongs to.
#pragma once

#include "log/disk.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milena::quorum {

// A voter as the settings name it.
struct FoundingVoter {
    BrokerId id;
    std::string host;
    std::uint16_t port = 0;
};

// The same id on every node whose settings name the same voters, in whatever order. So nodes that
// found a cluster together, on fresh directories, agree without a word and without a format step.
// Two clusters of the same addresses, one after the other, are told apart by cluster.id only.
std::string cluster_id_of(std::vector<FoundingVoter> voters);

// The cluster.id found in meta.properties of these data directories; or, when none has any,
// `demanded` (the setting cluster.id), or else `founded`, or else a new random one: this node alone
// founds a cluster. INCONSISTENT_CLUSTER_ID when two directories differ, or one from `demanded`.
struct Founding {
    std::string demanded = {};
    std::string founded = {};
};
Result<std::string> find_or_make_cluster_id(log::Disk& disk,
                                            const std::vector<std::string>& directories,
                                            const Founding& founding, Random& random);

}  // namespace milena::quorum
