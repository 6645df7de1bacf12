// What partitions with several replicas ask of the rest of the node.
//
// Called under the lock of the partition, from any thread: whoever hears of it does his work later
// and elsewhere. Replication implements it; a node alone needs none.
#pragma once

#include "broker/replica/lease.h"
#include "broker/replica/log_source.h"
#include "broker/replica/replication_throttle.h"
#include "replication/partition/io.h"

#include <memory>

namespace milena::replica {

class Partition;

class PartitionWatcher {
  public:
    // What it is to be asked for next, or where, has changed: look at Partition::following().
    virtual void on_moved(std::shared_ptr<Partition> partition) = 0;
    // To be sent to the active controller; Partition::on_isr_answer takes what comes back.
    virtual void on_proposal(std::shared_ptr<Partition> partition,
                             partition::AlterIsr proposal) = 0;
    // It leads other replicas from now on: Partition::tick is to be called from time to time.
    virtual void on_leading() = 0;

    // Where a replica of this node is, which the metadata does not know.
    virtual void on_placed(const PartitionName& partition, DirectoryId directory) = 0;
    const Lease& lease() const { return lease_; }
    // What this node sends as a leader to throttled replicas.
    ReplicationThrottle& sending() { return sending_; }

  protected:
    ~PartitionWatcher() = default;

    Lease lease_;
    ReplicationThrottle sending_;
};

}  // namespace milena::replica
