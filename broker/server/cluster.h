// What a node of several needs besides what it has alone: the controllers' listener, the way to the
// other voters and to the active controller, the broker's membership. All of it on a reactor of its
// own, so that a busy broker does not lose its place in the quorum.
//
// Start: listen() -> Quorum::start(network()) -> join() -> (partitions) -> unfence().
// Stop: leave() -> (requests, coordinators) -> Quorum::stop() -> stop().
#pragma once

#include "broker/api/controller_forwarder.h"
#include "broker/api/dispatch.h"
#include "broker/api/services.h"
#include "broker/config/settings.h"
#include "broker/net/reactor_pool.h"
#include "broker/net/socket_server.h"
#include "broker/quorum/absences.h"
#include "broker/quorum/active_controller.h"
#include "broker/quorum/cluster_id.h"
#include "broker/quorum/raft_peers.h"
#include "broker/server/broker_lifecycle.h"

#include <functional>
#include <memory>
#include <string>

namespace milena::broker {

// Has this node other voters?
bool is_clustered(const config::NodePlan& node);
// The voters of the settings; empty: this node alone.
std::vector<raft::Voter> voters_of(const config::NodePlan& node);
// Which cluster a fresh data directory of this node belongs to.
quorum::Founding founding_of(const config::Settings& settings);
// Where other nodes reach this controller; empty when it has none.
std::vector<metadata::Endpoint> controller_endpoints(const config::NodePlan& node);
raft::Options raft_options(const config::Settings& settings);
metadata::UpkeepTiming upkeep_timing(const config::Settings& settings);

class Cluster {
  public:
    struct Node {
        BrokerId self;
        std::string cluster_id;
        const Clock& clock;
        const config::NodePlan& plan;  // outlives it
        const config::Settings& settings;
        quorum::Quorum& quorum;
        const replica::LogStore& store;
        std::function<void(MonoTime until)> on_lease;
        std::function<bool()> is_stopping;
    };

    explicit Cluster(const Node& node);
    ~Cluster();

    // The controller as the broker reaches it, and the way of clients' requests to it.
    quorum::ControllerHost& controller() { return routed_; }
    api::Forwarder& forwarder() { return forwarder_; }
    quorum::RaftNetwork& network() { return *peers_; }
    BrokerLifecycle& lifecycle() { return lifecycle_; }

    // Serves the controllers' listeners with a copy of the broker's services.
    Status listen(const api::Services& broker);
    // Before the first request of a client: the other nodes may be starting, too.
    void expect_others();
    // After the quorum, which resigned if this node led it.
    void stop(bool has_led);

  private:
    static BrokerLifecycle::Options membership(const Node& node);
    void deliver(quorum::RaftEvent event);
    void on_reactor(std::function<void()> work);

    const BrokerId self_;
    const config::NodePlan& plan_;
    const net::NetSettings net_settings_;
    quorum::Quorum& quorum_;
    net::ReactorPool reactors_;
    std::unique_ptr<net::Connector> connector_;
    std::unique_ptr<quorum::RaftPeers> peers_;
    quorum::Absences absences_;
    quorum::ActiveController active_;
    quorum::RoutedController routed_;
    api::ControllerForwarder forwarder_;
    BrokerLifecycle lifecycle_;
    api::ReactorScratch scratch_;
    std::unique_ptr<api::Services> services_;
    std::unique_ptr<api::Dispatch> dispatch_;
    std::unique_ptr<net::SocketServer> sockets_;
};

}  // namespace milena::broker
