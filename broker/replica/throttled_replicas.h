// Which replicas of a topic's partitions replication is throttled for, as its settings name them:
// "*" all, "none" or nothing none, else partition:broker (KIP-73).
#pragma once

#include "protocol/base/ids.h"

#include <string>
#include <utility>
#include <vector>

namespace milena::replica {

class ThrottledReplicas {
  public:
    ThrottledReplicas() = default;
    // Words that settings let through; others name nobody.
    explicit ThrottledReplicas(const std::vector<std::string>& words);

    bool contains(PartitionIndex partition, BrokerId replica) const;

  private:
    bool all_ = false;
    std::vector<std::pair<PartitionIndex, BrokerId>> named_;
};

}  // namespace milena::replica
