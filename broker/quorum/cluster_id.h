// Which cluster this node belongs to.
#pragma once

#include "log/disk.h"
#include "protocol/base/random.h"

#include <string>
#include <vector>

namespace milena::quorum {

// The cluster.id found in meta.properties of these data directories, or a new random one when none
// has any: the node founds a cluster. INCONSISTENT_CLUSTER_ID when two differ.
Result<std::string> find_or_make_cluster_id(log::Disk& disk,
                                            const std::vector<std::string>& directories,
                                            Random& random);

}  // namespace milena::quorum
