// A broker's membership in a cluster of several nodes: registration, heartbeats, controlled
// shutdown (KIP-631).
//
// Driven by the server: join() before its partitions are used, unfence() when it is ready, leave()
// first of all at the stop. The three wait and are called on threads of their own; between
// unfence() and leave() heartbeats go on by a timer of the executor.
#pragma once

#include "broker/net/executor.h"
#include "broker/quorum/quorum.h"
#include "protocol/base/time.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

namespace milena::broker {

class BrokerLifecycle {
  public:
    struct Options {
        BrokerId id;
        std::string cluster_id;
        Millis heartbeat_interval{2000};  // broker.heartbeat.interval.ms
        // Whoever starts is told to stop meanwhile.
        std::function<bool()> is_stopping = [] { return false; };
    };

    // The references outlive it; `executor` runs until stop().
    BrokerLifecycle(net::Executor& executor, quorum::ControllerHost& controller, Options options);

    // Registers, however long it takes until there is a controller, and waits until this node has
    // followed the metadata up to its registration. Errors are final: REQUEST_TIMED_OUT when
    // is_stopping() says so, INCONSISTENT_CLUSTER_ID, what the registration is refused with.
    Result<BrokerEpoch> join(quorum::LocalBroker broker);
    // Waits until the controller has unfenced it; heartbeats go on from then on.
    Status unfence();
    // Controlled shutdown: asks to go until the controller lets it, for `patience` at most.
    void leave(Millis patience);
    // No more heartbeats. Not on the executor.
    void stop();

  private:
    using Beat = Result<metadata::BrokerHeartbeat::Reply>;

    metadata::BrokerHeartbeat heartbeat(bool want_shut_down) const;
    Beat beat_and_wait(bool want_shut_down);
    void beat();
    void beat_at(MonoTime when);
    void pause(Millis duration);

    net::Executor& executor_;
    quorum::ControllerHost& controller_;
    const Options options_;
    BrokerEpoch epoch_{-1};
    std::atomic<bool> beats_ = false;
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;

    std::mutex mutex_;
    std::condition_variable never_;
};

}  // namespace milena::broker
