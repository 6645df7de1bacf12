// The metadata quorum of this node, and its controller: ControllerHost over the raft machine, the
// controller and the log __cluster_metadata-0 (topic id AAAAAAAAAAAAAAAAAAAAAQ).
//
//   auto quorum = Quorum::open(options, disk, clock, random, rules, post);
//   quorum->subscribe(...);        // partitions, settings
//   quorum->start();               // alone: leads, publishes the image of the whole log
//   quorum->register_broker(...);  // alone, when the ports are known; partitions lead anew
//   ...
//   quorum->stop();
//
// Rounds run on the executor behind `post`, one at a time; see controller_host.h for what they
// promise. When the metadata log itself fails, nothing more is decided: on_failure is called, and
// the process should stop (Kafka halts, too).
#pragma once

#include "broker/quorum/controller_host.h"
#include "broker/quorum/raft_network.h"
#include "log/partition_log.h"
#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "replication/metadata/controller.h"
#include "replication/metadata/upkeep.h"
#include "replication/raft/raft.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace milena::quorum {

struct QuorumOptions {
    BrokerId node;               // node.id
    std::string data_directory;  // metadata.log.dir: __cluster_metadata-0 is made in it
    DirectoryId directory_id;    // directory.id of that directory
    // controller.quorum.voters, each with the address of its listener; empty: this node alone
    std::vector<raft::Voter> voters;
    raft::Options raft;  // times; who this node is stands above
    metadata::UpkeepTiming upkeep;
    metadata::ControllerOptions controller;
    // Where other nodes reach this controller; empty: nowhere, and it is not registered.
    std::vector<metadata::Endpoint> controller_endpoints;
    log::LogSettings log;
    std::uint64_t snapshot_bytes = 20U << 20;  // metadata.log.max.record.bytes.between.snapshots
    // On the executor, once: the metadata log is beyond use. `error` says why.
    std::function<void(const Error& error)> on_failure = [](const Error&) {};
};

// What a node tells of its broker when it registers.
struct LocalBroker {
    Uuid incarnation;                           // one per start of the process
    std::vector<metadata::Endpoint> endpoints;  // as advertised
    std::optional<std::string> rack;            // broker.rack
    std::vector<DirectoryId> log_dirs;
    BrokerEpoch previous_epoch{-1};  // in which it stopped cleanly; -1: it did not
};

// What this node can work with, as it tells when it registers.
std::vector<metadata::FeatureRange> supported_features();

class Quorum final : public ControllerHost, public RaftReceiver {
  public:
    // Runs tasks one at a time, in order, on a thread of their own (or a simulated one). In tests
    // it may run a task at once.
    using Post = std::function<void(net::Task)>;

    // Reads what is on disk and makes what is missing. References must outlive the quorum.
    // INVALID_CONFIG when this node is none of the voters; KAFKA_STORAGE_ERROR, INVALID_RECORD when
    // the log cannot be read.
    static Result<std::unique_ptr<Quorum>> open(QuorumOptions options, log::Disk& disk,
                                                const Clock& clock, Random& random,
                                                const metadata::ConfigRules& rules, Post post);
    ~Quorum() override;

    metadata::ImagePtr image() const override;
    void subscribe(Publisher publisher) override;

    // Takes part in the quorum. A node alone becomes leader, writes the first records of a new
    // cluster and publishes the first image before this returns; others need a network, which
    // outlives the quorum. On the caller's thread; when it returns, requests are taken.
    Status start(RaftNetwork* network = nullptr);

    // What the network brings. From any thread.
    void deliver(RaftEvent event);
    void receive(raft::Request request, Done done) override;
    bool look(Look look) override;

    // Who is the leader as far as this node knows; kNoBroker: nobody. From any thread.
    BrokerId leader() const;
    bool is_active() const override;
    // What submit() does, for a request of any verb.
    void submit_any(metadata::Request request, AnyCompletion done) {
        enqueue(std::move(request), std::move(done));
    }

    // Alone: registers this node's broker under a new epoch and unfences it. Waits; not to be
    // called on the executor. The epoch of the registration.
    Result<BrokerEpoch> register_broker(LocalBroker broker);

    // Fails what waits with NOT_CONTROLLER, closes the log. Waits for the round in progress; not
    // to be called on the executor.
    Status stop();

  private:
    struct State;
    explicit Quorum(std::unique_ptr<State> state);
    void enqueue(metadata::Request request, AnyCompletion done) override;

    std::unique_ptr<State> state_;
};

}  // namespace milena::quorum
