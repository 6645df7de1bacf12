// Replication of this node, and the connections it fetches over.
#pragma once

#include "broker/config/settings.h"
#include "broker/net/connector.h"
#include "broker/net/reactor.h"
#include "broker/replica/replication.h"

#include <memory>

namespace milena::broker {

class ReplicationParts {
  public:
    struct Node {
        BrokerId self;
        const config::Settings& settings;
        // As they are now.
        std::function<std::shared_ptr<const config::Settings>()> current;
        const Clock& clock;
        replica::PartitionTable& partitions;
        net::Reactor& reactor;
        replica::Flusher::Submit submit;
        replica::IsrProposals::Submit alter_partition;
        replica::DirectoryAssignments::Submit assign_directories;
    };
    explicit ReplicationParts(Node node);

  private:
    replica::Replication::Environment environment(const Node& node);
    replica::Replication::Connect connect_from(const Node& node);

    replica::Flusher::Submit submit_;
    std::unique_ptr<net::Connector> connector_;

  public:
    replica::Replication machine;
};

}  // namespace milena::broker
