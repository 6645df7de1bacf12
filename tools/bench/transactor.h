// A transactional producer for the loads: one request at a time on two connections, to the
// coordinator and to the leader of all partitions. Transactions of version 2 (KIP-890): partitions
// are added by producing to them, and every end gives a new epoch.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/record/batch_builder.h"
#include "tools/client/cluster.h"
#include "tools/client/connection.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace milena::bench {

// A connection of one's own to the broker that leads every partition of the topic, once it serves
// them. INVALID_REQUEST when that is not one broker.
Result<std::unique_ptr<client::Connection>> connect_leader(client::Cluster& cluster,
                                                           const client::TopicInfo& topic);

class Transactor {
  public:
    // Connects and gets a producer id. UNSUPPORTED_VERSION when the broker does not know
    // transactions of version 2. `cluster` is not used afterwards.
    static Result<Transactor> open(client::Cluster& cluster, std::string transactional_id,
                                   const client::TopicInfo& output);

    // Writes `values` as one batch to each of these partitions.
    Status produce(std::span<const PartitionIndex> partitions, std::span<const ByteView> values);
    // The group's position moves with the transaction. The group's coordinator is `groups`.
    Status commit_position(client::Connection& groups, const std::string& group,
                           const std::string& topic, PartitionIndex partition, Offset offset);
    Status commit();

  private:
    Transactor(const Clock& clock, std::string transactional_id, const client::TopicInfo& output)
        : clock_(clock), transactional_id_(std::move(transactional_id)), output_(output) {}

    Status begin(MonoTime deadline);
    MonoTime deadline() const;

    const Clock& clock_;
    std::string transactional_id_;
    client::TopicInfo output_;
    std::unique_ptr<client::Connection> coordinator_;
    std::unique_ptr<client::Connection> leader_;
    BatchBuilder builder_;
    ProducerId producer_id_ = kNoProducerId;
    ProducerEpoch producer_epoch_ = kNoProducerEpoch;
    std::vector<std::int32_t> sequences_;  // the next one, by partition
};

}  // namespace milena::bench
