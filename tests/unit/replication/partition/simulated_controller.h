// The controller of the simulation: one partition, a handful of brokers, the rules of Kafka's as
// far as they touch replication. Correct by being small; it cannot fail.
#pragma once

#include "protocol/base/random.h"
#include "replication/partition/io.h"

#include <map>
#include <vector>

namespace milena::partition {

// The partition as registered.
struct Registration {
    LeaderEpoch leader_epoch{0};
    PartitionEpoch partition_epoch{0};
    BrokerId leader = kNoBroker;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    std::vector<BrokerId> target;  // of a reassignment; empty: none

    bool has(BrokerId id) const;
    bool in_isr(BrokerId id) const;
};

struct MetadataSnapshot {
    std::uint64_t version = 0;
    Registration partition;
    std::vector<BrokerView> brokers;
};

class SimulatedController {
  public:
    SimulatedController(std::vector<BrokerId> replicas, bool unclean, Millis session);

    const MetadataSnapshot& metadata() const { return metadata_; }
    bool is_fenced(BrokerId id, BrokerEpoch epoch) const;

    // A new process of that broker; the same one again gets the same epoch.
    BrokerEpoch enroll(BrokerId id, std::uint64_t incarnation, MonoTime now);
    // false: not this life of it. `seen`: the metadata it knows.
    bool heartbeat(BrokerId id, BrokerEpoch epoch, std::uint64_t seen, MonoTime now);
    void fence(BrokerId id, BrokerEpoch epoch);
    void fence_expired(MonoTime now);
    AlterIsrAnswered alter_isr(BrokerId from, BrokerEpoch epoch, const AlterIsr& request);
    // To another member of the ISR, though nothing is wrong with the leader.
    void move_leadership(Random& random);
    void reassign(std::vector<BrokerId> target);
    // Somebody out of sync, when nobody in sync is there.
    bool elect_unclean();

  private:
    struct Broker {
        std::uint64_t incarnation = 0;
        BrokerEpoch epoch{-1};
        bool fenced = true;
        std::uint64_t registered_at = 0;  // version of the metadata
        MonoTime last_heard{};
    };
    bool may_lead(BrokerId id) const;
    void remove_from_isr(BrokerId id);
    void elect();
    void finish_reassignment();
    void changed();

    bool unclean_;
    Millis session_;
    MetadataSnapshot metadata_;
    std::map<std::int32_t, Broker> brokers_;
    std::int64_t next_epoch_ = 1;
};

}  // namespace milena::partition
