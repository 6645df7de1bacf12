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
        // How long after a heartbeat was sent its answer lets this broker lead: less than the
        // session that the controller begins when it comes.
        Millis lease{8900};
        std::function<void(MonoTime until)> on_lease = [](MonoTime) {};
        // All that failed since the start.
        std::function<std::vector<DirectoryId>()> offline_dirs = [] {
            return std::vector<DirectoryId>();
        };
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
    // On the quorum's executor, with each image, when this broker has followed it. A broker that
    // was fenced by mistake says at once that it lives; when another one shuts down, which waits
    // until all know who leads instead, that this one does.
    void publish(const metadata::Image& after);
    // Controlled shutdown: asks to go until the controller lets it, for `patience` at most. False:
    // it did not.
    bool leave(Millis patience);
    // It leaves, and leads nothing any more: its partitions need not hear of it. Requests that are
    // parked at them stay so until their connections are closed, and go to the new leaders without
    // the pause that clients make after a refusal.
    bool has_left(const metadata::Image& after) const;
    // No more heartbeats. Not on the executor.
    void stop();

  private:
    using Beat = Result<metadata::BrokerHeartbeat::Reply>;

    metadata::BrokerHeartbeat heartbeat(bool want_shut_down) const;
    Beat beat_and_wait(bool want_shut_down, Millis patience);
    void beat();
    void beat_now();
    void beat_at(MonoTime when);
    void pause(Millis duration);

    net::Executor& executor_;
    quorum::ControllerHost& controller_;
    const Options options_;
    BrokerEpoch epoch_{-1};
    std::atomic<bool> beats_ = false;
    std::atomic<bool> leaves_ = false;
    bool was_fenced_ = false;   // on the quorum's executor
    bool beats_again_ = false;  // on the executor
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;

    std::mutex mutex_;
    std::condition_variable never_;
};

}  // namespace milena::broker
