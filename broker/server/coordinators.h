// The coordinators of this node and what they work with.
#pragma once

#include "broker/config/settings.h"
#include "broker/net/connector.h"
#include "broker/net/disk_pool.h"
#include "broker/net/reactor_pool.h"
#include "broker/replica/group_coordinator.h"
#include "broker/replica/marker_writer.h"
#include "broker/replica/node_transaction_peers.h"
#include "broker/replica/transaction_coordinator.h"

#include <functional>
#include <memory>

namespace milena::broker {

class Coordinators {
  public:
    struct Node {
        BrokerId self;
        const config::Settings& settings;
        const Clock& clock;
        Random& random;
        const replica::PartitionTable& partitions;
        net::ReactorPool& reactors;
        net::DiskPool& disk_pool;
        std::function<metadata::ImagePtr()> image;
        std::function<void(net::Executor&, replica::TransactionCoordinator::GotProducerId)>
            next_producer_id;
    };
    explicit Coordinators(const Node& node);

    // On the quorum's executor, after the partitions have heard of it.
    void publish(const metadata::Image& after, const metadata::Delta& delta) {
        if (!delta.brokers.empty()) channels_.publish();
        groups.publish(after, delta);
        transactions.publish(after);
    }
    // Once the broker is registered.
    void start(const metadata::Image& image) {
        groups.start(image);
        transactions.start(image);
    }
    // Before the executors stop.
    void stop() {
        transactions.stop();
        groups.stop();
        executor_.post([this] { channels_.stop(); });
    }

  private:
    net::Executor& executor_;
    std::unique_ptr<net::Connector> connector_;
    replica::BrokerChannels channels_;
    replica::NodeTransactionPeers peers_;

  public:
    replica::GroupCoordinator groups;
    replica::MarkerWriter markers;
    replica::TransactionCoordinator transactions;
};

}  // namespace milena::broker
