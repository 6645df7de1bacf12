#include "broker/server/cluster.h"

#include "broker/server/net_settings.h"

#include <future>

namespace milena::broker {
namespace {

namespace key = config::opt::broker;

constexpr Millis kDrain{200};
constexpr Millis kFarewell{200};
constexpr Millis kStartTogether{500};

std::vector<quorum::ActiveController::Node> controllers(const config::NodePlan& node) {
    std::vector<quorum::ActiveController::Node> nodes;
    for (const auto& voter : node.voters) nodes.push_back({voter.id, {voter.host, voter.port}});
    return nodes;
}

// Connections between controllers rest for long and are not to be closed: that reads as a death.
net::NetSettings controller_net(const config::Settings& settings) {
    auto net = net_settings(settings);
    net.idle_max = std::chrono::duration_cast<Millis>(std::chrono::hours(24 * 365));
    return net;
}

}  // namespace

bool is_clustered(const config::NodePlan& node) {
    return node.is_controller && node.voters.size() > 1;
}

std::vector<raft::Voter> voters_of(const config::NodePlan& node) {
    std::vector<raft::Voter> voters;
    for (const auto& voter : node.voters) {
        voters.push_back({voter.id, {}});
        if (!is_clustered(node)) continue;
        voters.back().endpoints = {
            {node.listeners.controller.front().name, voter.host, voter.port}};
    }
    return voters;
}

quorum::Founding founding_of(const config::Settings& settings) {
    quorum::Founding founding;
    if (const auto demanded = settings.get(key::cluster_id)) founding.demanded = *demanded;
    if (!is_clustered(settings.node())) return founding;
    std::vector<quorum::FoundingVoter> voters;
    for (const auto& voter : settings.node().voters) {
        voters.push_back({voter.id, voter.host, voter.port});
    }
    founding.founded = quorum::cluster_id_of(std::move(voters));
    return founding;
}

std::vector<metadata::Endpoint> controller_endpoints(const config::NodePlan& node) {
    if (!is_clustered(node)) return {};
    const auto& listener = node.listeners.controller.front();
    for (const auto& voter : node.voters) {
        if (voter.id != node.node_id) continue;
        return {{listener.name, voter.host, voter.port,
                 static_cast<metadata::SecurityProtocol>(listener.protocol)}};
    }
    return {};
}

raft::Options raft_options(const config::Settings& settings) {
    raft::Options options;
    const auto& node = settings.node();
    for (const auto& voter : voters_of(node)) {
        options.bootstrap.push_back(voter.id);
        if (voter.id == node.node_id) options.self.endpoints = voter.endpoints;
    }
    options.election_timeout = settings.get(key::controller_quorum_election_timeout_ms);
    options.election_backoff_max = settings.get(key::controller_quorum_election_backoff_max_ms);
    options.fetch_timeout = settings.get(key::controller_quorum_fetch_timeout_ms);
    options.request_timeout = settings.get(key::controller_quorum_request_timeout_ms);
    options.retry_backoff = settings.get(key::controller_quorum_retry_backoff_ms);
    return options;
}

metadata::UpkeepTiming upkeep_timing(const config::Settings& settings) {
    metadata::UpkeepTiming timing;
    timing.session_timeout = settings.get(key::broker_session_timeout_ms);
    timing.balances_leaders = settings.get(key::auto_leader_rebalance_enable);
    timing.balance_interval =
        Millis(1000 * settings.get(key::leader_imbalance_check_interval_seconds));
    timing.missing_leader_interval = settings.get(key::unclean_leader_election_interval_ms);
    timing.max_idle = settings.get(key::metadata_max_idle_interval_ms);
    return timing;
}

Cluster::Cluster(const Node& node)
    : self_(node.self),
      plan_(node.plan),
      net_settings_(controller_net(node.settings)),
      quorum_(node.quorum),
      reactors_(node.clock, 1),
      connector_(
          net::make_tcp_connector(reactors_[0], {net::kSystemBufferSize, net::kSystemBufferSize})),
      peers_(std::make_unique<quorum::RaftPeers>(
          reactors_[0], *connector_, node.cluster_id, node.self,
          node.settings.get(key::controller_quorum_request_timeout_ms),
          [this](quorum::RaftEvent event) { deliver(std::move(event)); })),
      active_(reactors_[0], *connector_, quorum_, node.self, controllers(node.plan)),
      routed_(quorum_, active_),
      forwarder_(quorum_, active_, absences_, reactors_[0], node.clock),
      lifecycle_(reactors_[0], routed_, membership(node)) {}

BrokerLifecycle::Options Cluster::membership(const Node& node) {
    BrokerLifecycle::Options options;
    options.id = node.self;
    options.cluster_id = node.cluster_id;
    options.heartbeat_interval = node.settings.get(key::broker_heartbeat_interval_ms);
    // Clocks that run at a different pace are off by far less.
    const Millis session = node.settings.get(key::broker_session_timeout_ms);
    options.lease = session - session / 20;
    options.on_lease = node.on_lease;
    options.is_stopping = node.is_stopping;
    options.offline_dirs = [&store = node.store] {
        std::vector<DirectoryId> offline;
        for (const auto& directory : store.directories()) {
            if (directory.id && !directory.is_online) offline.push_back(*directory.id);
        }
        return offline;
    };
    return options;
}

Cluster::~Cluster() = default;

Status Cluster::listen(const api::Services& broker) {
    services_ = std::make_unique<api::Services>(api::Services{
        broker.self, broker.cluster_id, broker.current_settings, broker.clock, quorum_,
        broker.producer_ids, broker.partitions, broker.store, broker.sessions, broker.groups,
        broker.markers, broker.transactions,
        [this](net::Executor&) -> api::ReactorScratch& { return scratch_; }, &quorum_, nullptr});
    dispatch_ = std::make_unique<api::Dispatch>(*services_, api::Plane::controller);
    sockets_ = std::make_unique<net::SocketServer>(reactors_, *dispatch_, net_settings_);
    for (const auto& listener : plan_.listeners.controller) {
        MILENA_TRY(sockets_->listen({listener.name, listener.host, listener.port}));
    }
    reactors_.start();
    for (const auto& voter : plan_.voters) {
        if (voter.id != self_) peers_->keep(voter.id, {voter.host, voter.port});
    }
    return {};
}

void Cluster::deliver(quorum::RaftEvent event) {
    if (event.came_up != kNoBroker) absences_.back(event.came_up);
    if (const auto* ended = std::get_if<raft::Disconnected>(&event.input)) {
        absences_.gone(ended->node, reactors_[0].now());
    }
    quorum_.deliver(std::move(event));
}

void Cluster::on_reactor(std::function<void()> work) {
    auto done = std::make_shared<std::promise<void>>();
    auto finished = done->get_future();
    reactors_[0].post([work = std::move(work), done] {
        work();
        done->set_value();
    });
    finished.get();
}

void Cluster::expect_others() {
    std::vector<BrokerId> nodes;
    for (const auto& voter : plan_.voters) nodes.push_back(voter.id);
    absences_.expect(std::move(nodes), reactors_[0].now() + kStartTogether);
}

// Whoever led tells its successors before its connections are closed.
void Cluster::stop(bool has_led) {
    if (!sockets_) return;
    lifecycle_.stop();
    if (has_led) {
        auto told = std::make_shared<std::promise<void>>();
        auto all_told = told->get_future();
        on_reactor([this, told] { peers_->when_answered([told] { told->set_value(); }); });
        (void)all_told.wait_for(kFarewell);
    }
    sockets_->stop(kDrain);
    on_reactor([this] {
        peers_->stop();
        active_.stop();
    });
    (void)reactors_.stop(kDrain);
}

}  // namespace milena::broker
