#include "broker/quorum/raft_peers.h"

#include "broker/quorum/raft_codec.h"
#include "protocol/msg/api_versions.h"

namespace milena::quorum {
namespace {

constexpr Millis kConnectPatience{1'000};
constexpr Millis kPauseMin{20};
// Each try that is refused also lets a follower doubt its leader again.
constexpr Millis kPauseMax{50};
// Between two looks whether a node that is down is there again.
constexpr Millis kCallAgain{20};

// What the response shows, kept with it.
template <class Response>
RaftEvent answered(raft::RequestId id, Response response) {
    RaftEvent event;
    if constexpr (requires { response.records; }) {
        event.bytes.assign(response.records.begin(), response.records.end());
        response.records = event.bytes;
    } else if constexpr (requires { response.bytes; }) {
        event.bytes.assign(response.bytes.begin(), response.bytes.end());
        response.bytes = event.bytes;
    }
    event.input = raft::Answered{id, std::move(response)};
    return event;
}

}  // namespace

RaftPeers::RaftPeers(net::Executor& executor, net::Connector& connector, std::string cluster_id,
                     BrokerId self, Millis request_timeout, Deliver deliver)
    : executor_(executor),
      connector_(connector),
      cluster_id_(std::move(cluster_id)),
      self_(self),
      request_timeout_(request_timeout),
      deliver_(std::move(deliver)) {}

RaftPeers::~RaftPeers() = default;

void RaftPeers::send(raft::Send request, std::optional<net::RemoteAddress> where) {
    executor_.post([this, request = std::move(request), where = std::move(where)]() mutable {
        send_now(std::move(request), std::move(where));
    });
}

void RaftPeers::wake_at(MonoTime when) {
    executor_.post([this, when] {
        if (alarm_ != net::Executor::kNoTimer) executor_.cancel(alarm_);
        alarm_ = net::Executor::kNoTimer;
        if (stopped_) return;
        alarm_ = executor_.call_at(when, [this] {
            alarm_ = net::Executor::kNoTimer;
            deliver_({raft::Tick{}});
        });
    });
}

void RaftPeers::keep(BrokerId node, net::RemoteAddress where) {
    executor_.post([this, node, where = std::move(where)] {
        if (stopped_) return;
        node_at(node, where)->is_kept = true;
        call(node);
    });
}

// Any question opens the connection; while it cannot be had, each try tells the watcher.
void RaftPeers::call(BrokerId id) {
    const auto found = nodes_.find(id);
    if (stopped_ || found == nodes_.end()) return;
    Node& node = found->second;
    if (node.is_called || node.channel->is_up()) return;
    node.is_called = true;
    node.tried = executor_.now();
    node.channel->ask<msg::ApiVersionsRequest, msg::ApiVersionsResponse>(
        [](Arena&, ApiVersion) {
            msg::ApiVersionsRequest request;
            request.client_software_name = "milena";
            request.client_software_version = "unknown";
            return request;
        },
        executor_.now() + request_timeout_,
        [this, id](Result<const msg::ApiVersionsResponse*> reply) {
            if (stopped_) return;
            const auto called = nodes_.find(id);
            if (called == nodes_.end()) return;
            called->second.is_called = false;
            if (!reply) executor_.call_at(executor_.now() + kCallAgain, [this, id] { call(id); });
        });
}

void RaftPeers::when_answered(net::Task task) {
    if (under_way_ == 0) return task();
    when_answered_ = std::move(task);
}

void RaftPeers::stop() {
    stopped_ = true;
    if (alarm_ != net::Executor::kNoTimer) executor_.cancel(alarm_);
    alarm_ = net::Executor::kNoTimer;
    nodes_.clear();
    replaced_.clear();
}

RaftPeers::Node* RaftPeers::node_at(BrokerId id, const std::optional<net::RemoteAddress>& where) {
    const auto found = nodes_.find(id);
    if (!where) return found == nodes_.end() ? nullptr : &found->second;
    Node& node = nodes_[id];
    if (node.channel && node.address.host == where->host && node.address.port == where->port) {
        return &node;
    }
    // It is still being called, perhaps.
    if (node.channel) replaced_.push_back(std::move(node.channel));
    node.address = *where;
    node.was_up = false;
    peer::ChannelSettings settings;
    settings.link.connect_patience = kConnectPatience;
    settings.client_id = "raft-client-" + std::to_string(self_.value());
    settings.handshake_patience = request_timeout_;
    settings.pause_min = kPauseMin;
    settings.pause_max = kPauseMax;
    peer::ChannelWatcher& watcher = *this;
    node.channel = std::make_unique<peer::NodeChannel>(
        executor_, connector_, peer::RemoteNode{id, *where}, std::move(settings), watcher);
    return &node;
}

void RaftPeers::send_now(raft::Send request, std::optional<net::RemoteAddress> where) {
    Node* node = stopped_ ? nullptr : node_at(request.to, where);
    if (node == nullptr) return deliver_({raft::Failed{request.id}});
    if (!node->channel->is_up()) node->tried = executor_.now();
    const raft::RequestId id = request.id;
    std::visit(
        [&](auto& body) {
            using Body = std::remove_cvref_t<decltype(body)>;
            if constexpr (std::is_same_v<Body, raft::VoteRequest>) {
                ask<msg::VoteRequest, msg::VoteResponse>(*node, id, std::move(body));
            } else if constexpr (std::is_same_v<Body, raft::BeginQuorumEpochRequest>) {
                ask<msg::BeginQuorumEpochRequest, msg::BeginQuorumEpochResponse>(*node, id,
                                                                                 std::move(body));
            } else if constexpr (std::is_same_v<Body, raft::EndQuorumEpochRequest>) {
                ask<msg::EndQuorumEpochRequest, msg::EndQuorumEpochResponse>(*node, id,
                                                                             std::move(body));
            } else if constexpr (std::is_same_v<Body, raft::FetchRequest>) {
                ask<msg::FetchRequest, msg::FetchResponse>(*node, id, std::move(body));
            } else if constexpr (std::is_same_v<Body, raft::FetchSnapshotRequest>) {
                ask<msg::FetchSnapshotRequest, msg::FetchSnapshotResponse>(*node, id,
                                                                           std::move(body));
            } else {
                // Changes of the voters are not carried yet.
                deliver_({raft::Failed{id}});
            }
        },
        request.request);
}

template <class Message, class Response, class Request>
void RaftPeers::ask(Node& node, raft::RequestId id, Request request) {
    ++under_way_;
    node.channel->ask<Message, Response>(
        [this, request = std::move(request)](Arena& arena, ApiVersion version) {
            return to_message(request, cluster_id_, version, arena);
        },
        executor_.now() + request_timeout_,
        [this, id](Result<const Response*> reply) {
            if (--under_way_ == 0 && when_answered_) std::exchange(when_answered_, nullptr)();
            if (!reply) return deliver_({raft::Failed{id}});
            deliver_(answered(id, from_message(**reply)));
        });
}

void RaftPeers::on_up(BrokerId id) {
    if (const auto found = nodes_.find(id); found != nodes_.end()) found->second.was_up = true;
    deliver_({raft::Tick{}, {}, id});
}

void RaftPeers::on_down(BrokerId id, const Error& why) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end()) return;
    Node& node = found->second;
    const bool was_up = std::exchange(node.was_up, false);
    // No answer from the other machine at all is silence, too.
    const bool is_silent = why.code != ErrorCode::NETWORK_EXCEPTION ||
                           (!was_up && executor_.now() - node.tried >= kConnectPatience);
    if (!is_silent) deliver_({raft::Disconnected{id}});
    if (node.is_kept && !node.is_called) {
        executor_.call_at(executor_.now() + kPauseMin, [this, id] { call(id); });
    }
}

}  // namespace milena::quorum
