// Tells the active controller in which data directory of this node a replica is, where the metadata
// does not know (KIP-858): one request at a time, with all that has come up since the last.
//
// Lives on one executor, all calls there. What the controller does not take, because the topic or
// the replica has gone, is forgotten; what gets no answer is said again.
#pragma once

#include "broker/net/executor.h"
#include "replication/fetcher/io.h"
#include "replication/metadata/broker_requests.h"

#include <functional>
#include <map>
#include <memory>

namespace milena::replica {

class DirectoryAssignments {
  public:
    using Answered = std::move_only_function<void(Result<metadata::AssignReplicasToDirs::Reply>)>;
    // Asks the active controller, and posts the answer to `executor`.
    using Submit = std::function<void(metadata::AssignReplicasToDirs request,
                                      net::Executor& executor, Answered answered)>;

    DirectoryAssignments(BrokerId self, net::Executor& executor, Submit submit)
        : self_(self), executor_(executor), submit_(std::move(submit)) {}
    ~DirectoryAssignments() { stop(); }
    DirectoryAssignments(const DirectoryAssignments&) = delete;
    DirectoryAssignments& operator=(const DirectoryAssignments&) = delete;

    void set_broker_epoch(BrokerEpoch epoch) { broker_epoch_ = epoch; }
    // The last one counts.
    void assign(const fetcher::PartitionKey& key, DirectoryId directory);
    void stop();

  private:
    using All = std::map<fetcher::PartitionKey, DirectoryId>;

    void send_soon(Millis delay);
    void send();
    void on_answer(const Result<metadata::AssignReplicasToDirs::Reply>& reply);

    const BrokerId self_;
    net::Executor& executor_;
    const Submit submit_;
    BrokerEpoch broker_epoch_{-1};
    All waiting_;
    All asked_;  // in the request under way
    bool under_way_ = false;
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace milena::replica
