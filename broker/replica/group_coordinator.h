// The group coordinator of this node: hosts the shards of __consumer_offsets, and tells them of
// topics that change.
//
// Driven by broker/api (submit), by whoever ends transactions (end_transaction), by the cluster
// metadata (publish) and by the server. All functions may be called from any thread.
#pragma once

#include "broker/coordinator/group/requests.h"
#include "broker/coordinator/group/settings.h"
#include "broker/replica/coordinator_shard.h"
#include "broker/replica/partition_table.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::replica {

class GroupCoordinator {
  public:
    using Request = coordinator::group::Request;
    using Reply = coordinator::group::Reply;
    using Done = std::move_only_function<void(Result<Reply>)>;
    using Written = std::move_only_function<void(Status)>;

    struct Setup {
        BrokerId self;
        const PartitionTable& partitions;
        CoordinatorEnvironment environment;
        std::vector<net::Executor*> executors;  // at least one
        coordinator::group::Settings settings;
        CoordinatorLogOptions log;
    };
    explicit GroupCoordinator(Setup setup);
    ~GroupCoordinator();

    // See CoordinatorHost for what `done` may get.
    Result<PartitionIndex> shard_of(std::string_view group_id) const;
    std::vector<PartitionIndex> shards() const;
    void submit(PartitionIndex shard, Request request, Done done, Verification verification = {});
    void end_transaction(PartitionIndex shard, const log::TransactionEnd& end, Written done);

    // For metrics. Looks at every group of every shard.
    struct Tally {
        std::size_t shards = 0;
        std::size_t loading = 0;                                                      // of them
        std::map<std::pair<std::string_view, std::string_view>, std::size_t> groups;  // type, state
        std::size_t positions = 0;
    };
    Tally tally() const;
    const CoordinatorCounters& counters() const;

    // On the quorum's executor, after the partitions have heard of it.
    void publish(const metadata::Image& after, const metadata::Delta& delta);
    void start(const metadata::Image& image);
    void stop();

  private:
    struct Parts;

    void tell_all(const Request& news);

    std::unique_ptr<Parts> parts_;
};

}  // namespace milena::replica
