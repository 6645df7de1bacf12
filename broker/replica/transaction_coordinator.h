// The transaction coordinator of this node: hosts the shards of __transaction_state, fetches
// producer ids where a machine needs one, and has markers written where one orders them.
//
// Driven by broker/api (submit), by the cluster metadata (publish) and by the server. All functions
// may be called from any thread.
#pragma once

#include "broker/coordinator/txn/machine.h"
#include "broker/replica/coordinator_shard.h"
#include "broker/replica/marker_writer.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace milena::replica {

class TransactionCoordinator {
  public:
    using Request = coordinator::txn::Request;
    using Reply = coordinator::txn::Reply;
    using Done = std::move_only_function<void(Result<Reply>)>;
    using GotProducerId = std::move_only_function<void(Result<ProducerId>)>;

    struct Setup {
        BrokerId self;
        const PartitionTable& partitions;
        CoordinatorEnvironment environment;
        std::vector<net::Executor*> executors;  // at least one
        coordinator::txn::Settings settings;
        CoordinatorLogOptions log;
        MarkerWriter& markers;
        std::function<void(net::Executor&, GotProducerId)> next_producer_id;
        TransactionPeers* others = nullptr;  // nullptr: there are none
    };
    explicit TransactionCoordinator(Setup setup);
    ~TransactionCoordinator();

    // Has the shard of `transactional_id`, which the request names, decide. `done` gets its reply,
    // or why there is none (CoordinatorHost::submit), and COORDINATOR_LOAD_IN_PROGRESS when no
    // producer id was to be had.
    void submit(std::string_view transactional_id, Request request, Done done);

    // The same for what leaders ask, whichever node the coordinator is on. Errors also those of
    // BrokerChannels::ask.
    void submit_anywhere(coordinator::txn::LeaderQuestion question, Done done);

    // The transactions of every shard here. COORDINATOR_LOAD_IN_PROGRESS when one is not loaded.
    using Listed =
        std::move_only_function<void(Result<std::vector<coordinator::txn::Description>>)>;
    void list(Listed done);

    Result<PartitionIndex> shard_of(std::string_view transactional_id) const;

    // For metrics. Looks at every transaction of every shard.
    struct Tally {
        std::size_t shards = 0;
        std::size_t loading = 0;                               // of them
        std::map<std::string_view, std::size_t> transactions;  // by status
    };
    Tally tally() const;
    const CoordinatorCounters& counters() const;

    void publish(const metadata::Image& after);
    void start(const metadata::Image& image);
    void stop();

  private:
    struct Parts;

    void submit_with_id(PartitionIndex shard, Request request, Done done);
    void perform(PartitionIndex shard, LeaderEpoch epoch, coordinator::txn::WriteMarkers order);

    std::unique_ptr<Parts> parts_;
};

}  // namespace milena::replica
