// Carries what leaders propose as in-sync replicas to the active controller, and the answers back:
// one request at a time, with all that has come up since the last.
//
// Lives on one executor, all calls there.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/partition.h"
#include "replication/fetcher/io.h"
#include "replication/metadata/partition_requests.h"

#include <functional>
#include <map>
#include <memory>

namespace milena::replica {

class IsrProposals {
  public:
    using Answered = std::move_only_function<void(Result<metadata::AlterPartition::Reply>)>;
    // Asks the active controller, and posts the answer to `executor`.
    using Submit = std::function<void(metadata::AlterPartition request, net::Executor& executor,
                                      Answered answered)>;

    // `retry`: some proposal wants to be told of time soon.
    IsrProposals(BrokerId self, net::Executor& executor, Submit submit, std::function<void()> retry)
        : self_(self), executor_(executor), submit_(std::move(submit)), retry_(std::move(retry)) {}

    void set_broker_epoch(BrokerEpoch epoch) { broker_epoch_ = epoch; }
    void propose(std::shared_ptr<Partition> partition, partition::AlterIsr proposal);

  private:
    struct Proposed {
        std::shared_ptr<Partition> partition;
        partition::AlterIsr proposal;
    };
    // A proposal that was sent, and no answer came: it may still arrive.
    struct Lost {
        std::uint64_t id = 0;
        MonoTime at;
    };
    using All = std::map<fetcher::PartitionKey, Proposed>;

    void send();
    void on_answer(Result<metadata::AlterPartition::Reply> reply);
    void answer(const fetcher::PartitionKey& key, const Proposed& proposed,
                partition::AlterIsrAnswered answer);
    bool may_still_arrive(const fetcher::PartitionKey& key, std::uint64_t id) const;

    const BrokerId self_;
    net::Executor& executor_;
    const Submit submit_;
    const std::function<void()> retry_;
    BrokerEpoch broker_epoch_{-1};
    All waiting_;
    All asked_;  // in the request under way
    std::map<fetcher::PartitionKey, Lost> lost_;
    bool under_way_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace milena::replica
