// What the raft machine's shell exchanges with other nodes: requests out, answers in; requests in,
// answers out.
#pragma once

#include "broker/net/connector.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"
#include "replication/raft/io.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace milena::raft {
struct State;
}

namespace milena::quorum {

// The way to other nodes, and the alarm clock. Called on the quorum's executor; must not call back
// from within. Answers come through Quorum::deliver.
class RaftNetwork {
  public:
    virtual ~RaftNetwork() = default;

    // Exactly one Answered or Failed with the id follows, unless the network is stopped. `where`:
    // the node's controller listener, when it is known.
    virtual void send(raft::Send request, std::optional<net::RemoteAddress> where) = 0;
    // A Tick is to be delivered then. Replaces the alarm set before.
    virtual void wake_at(MonoTime when) = 0;
};

// An event for the raft machine, with the bytes that it shows.
struct RaftEvent {
    raft::Input input;
    std::vector<std::uint8_t> bytes = {};
    // This node answers again, after a Disconnected perhaps.
    BrokerId came_up = kNoBroker;
};

// Takes the requests of other replicas.
class RaftReceiver {
  public:
    // `bytes` are the records of a fetch, or those of a snapshot. NOT_CONTROLLER when this node
    // stops before it can answer.
    using Done = std::move_only_function<void(Result<raft::Response> response,
                                              std::vector<std::uint8_t> bytes)>;

    // From any thread; `done` is called on the quorum's executor.
    virtual void receive(raft::Request request, Done done) = 0;
    // This node decides as the active controller. From any thread.
    virtual bool is_active() const = 0;
    // `look` sees the raft machine's state on the quorum's executor. From any thread; false, and it
    // never does: this node is stopping.
    using Look = std::move_only_function<void(const raft::State& state, MonoTime now)>;
    virtual bool look(Look look) = 0;

  protected:
    ~RaftReceiver() = default;
};

}  // namespace milena::quorum
