// The way of the raft machine to the other voters: one NodeChannel for each, on one executor.
//
// Tells the machine which processes have ended: a connection that was up and broke, or that is
// refused; silence is no end (raft/io.h, Disconnected).
#pragma once

#include "broker/net/connector.h"
#include "broker/net/executor.h"
#include "broker/peer/node_channel.h"
#include "broker/quorum/raft_network.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace milena::quorum {

class RaftPeers final : public RaftNetwork, private peer::ChannelWatcher {
  public:
    using Deliver = std::function<void(RaftEvent event)>;

    // Made, stopped and destroyed while the executor does nothing of it; the references outlive it.
    RaftPeers(net::Executor& executor, net::Connector& connector, std::string cluster_id,
              BrokerId self, Millis request_timeout, Deliver deliver);
    ~RaftPeers();

    void send(raft::Send request, std::optional<net::RemoteAddress> where) override;
    void wake_at(MonoTime when) override;
    // Keeps a connection to this node from now on, so that its end shows at once, whoever leads.
    void keep(BrokerId node, net::RemoteAddress where);

    // On the executor: closes all connections, sends nothing more.
    void stop();
    // On the executor: runs the task there when no request is without its answer.
    void when_answered(net::Task task);

  private:
    struct Node {
        net::RemoteAddress address;
        std::unique_ptr<peer::NodeChannel> channel;
        bool was_up = false;
        bool is_kept = false;
        bool is_called = false;  // to see whether it is there again
        MonoTime tried{};        // when it was last asked while it was down
    };

    void send_now(raft::Send request, std::optional<net::RemoteAddress> where);
    void call(BrokerId id);
    Node* node_at(BrokerId id, const std::optional<net::RemoteAddress>& where);
    template <class Message, class Response, class Request>
    void ask(Node& node, raft::RequestId id, Request request);
    void on_up(BrokerId node) override;
    void on_down(BrokerId node, const Error& why) override;

    net::Executor& executor_;
    net::Connector& connector_;
    const std::string cluster_id_;
    const BrokerId self_;
    const Millis request_timeout_;
    const Deliver deliver_;
    std::map<BrokerId, Node> nodes_;
    std::vector<std::unique_ptr<peer::NodeChannel>> replaced_;  // until none of their calls is left
    net::Executor::TimerId alarm_ = net::Executor::kNoTimer;
    std::size_t under_way_ = 0;  // requests that have no answer yet
    net::Task when_answered_;
    bool stopped_ = false;
};

}  // namespace milena::quorum
