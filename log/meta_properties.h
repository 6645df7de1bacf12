// meta.properties: whose data directory this is. Every directory of a node carries the node's
// cluster.id and node.id and a directory.id of its own.
//
//   "#..." comments, then node.id=1, directory.id=<uuid>, version=1, cluster.id=<text>, in any
//   order version 0 (ZooKeeper times) says broker.id for node.id and may lack the others; it is
//   read
#pragma once

#include "log/disk.h"
#include "protocol/base/ids.h"

#include <optional>
#include <string>

namespace milena::log {

struct MetaProperties {
    std::string cluster_id;
    BrokerId node_id = kNoBroker;
    std::optional<DirectoryId> directory_id;

    friend bool operator==(const MetaProperties&, const MetaProperties&) = default;
};

// nullopt: a fresh directory.
Result<std::optional<MetaProperties>> read_meta_properties(Disk& disk,
                                                           const std::string& directory);
Status write_meta_properties(Disk& disk, const std::string& directory,
                             const MetaProperties& properties);

}  // namespace milena::log
