// What the connections of one reactor share: buffers, counters, the sweep over their deadlines.
//
// Invariant: connections_ holds exactly the open connections of this reactor, each knows its place.
// Lives on its reactor: all functions but those marked otherwise are called there.
#pragma once

#include "broker/net/alive_count.h"
#include "broker/net/block.h"
#include "broker/net/connection_limits.h"
#include "broker/net/frame_sink.h"
#include "broker/net/log_limiter.h"
#include "broker/net/memory_budget.h"
#include "broker/net/net_counters.h"
#include "broker/net/net_settings.h"
#include "broker/net/reactor.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace milena::net {

class Connection;

// Of all reactors together.
struct NetShared {
    NetShared(FrameSink& frame_sink, NetSettings values)
        : sink(frame_sink),
          settings(std::move(values)),
          limits({settings.connections_max, settings.connections_per_ip_max,
                  settings.connections_per_ip_overrides}),
          receive_memory(settings.receive_memory_max) {}

    FrameSink& sink;
    const NetSettings settings;
    ConnectionLimits limits;
    MemoryBudget receive_memory;
    // Sockets between accept and the last event of their connection.
    AliveCount alive;
    std::atomic<std::uint64_t> next_connection_id{1};
};

class ConnectionHost {
  public:
    // One read takes at most this much: many frames, or a part of a large one.
    static constexpr std::size_t kReceiveSpace = 256 * 1024;
    static constexpr std::size_t kCopySpace = 64 * 1024;

    ConnectionHost(Reactor& reactor, NetShared& shared);
    ~ConnectionHost();

    Reactor& reactor() { return reactor_; }
    NetShared& shared() { return shared_; }
    const NetSettings& settings() const { return shared_.settings; }
    NetCounters& counters() { return counters_; }
    const NetCounters& counters() const { return counters_; }
    LogLimiter& log_limiter() { return log_limiter_; }
    BlockCache& blocks() { return blocks_; }
    // Scratch: what is in them is lost when the connection's call ends.
    MutableBytes receive_space() { return {receive_space_.get(), kReceiveSpace}; }
    MutableBytes copy_space() { return {copy_space_.get(), kCopySpace}; }

    // Takes over a socket that the limits have admitted and that counts as alive.
    void adopt(int socket, Peer peer);

    // No new frames; connections close as their requests in progress are answered.
    void begin_drain();
    bool draining() const { return draining_; }
    void close_all();
    // No connection is left, and none will come: lets go of the reactor.
    void retire();

    // Connections that are open or about to be adopted; for choosing the least busy reactor. The
    // two are called from any thread.
    std::uint64_t load() const { return load_.load(std::memory_order_relaxed); }
    void expect_connection() { load_.fetch_add(1, std::memory_order_relaxed); }

    // Called by a connection that has opened or closed.
    void add(Connection& connection);
    void remove(Connection& connection);

  private:
    void start_sweep();
    void sweep();

    Reactor& reactor_;
    NetShared& shared_;
    NetCounters counters_;
    LogLimiter log_limiter_;
    BlockCache blocks_;
    const std::unique_ptr<std::uint8_t[]> receive_space_;
    const std::unique_ptr<std::uint8_t[]> copy_space_;
    std::vector<Connection*> connections_;
    std::size_t sweep_at_ = 0;
    const Nanos sweep_pause_;
    Executor::TimerId sweep_timer_ = Executor::kNoTimer;
    bool draining_ = false;
    std::atomic<std::uint64_t> load_{0};
};

}  // namespace milena::net
