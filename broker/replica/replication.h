// What makes partitions of several nodes copies of each other, as far as this node goes: it fetches
// what others lead, carries proposals of in-sync replicas to the controller, and lets time pass.
//
// Lives on one executor; PartitionWatcher's calls and publish() come from any thread and are posted
// to it. A node whose partitions have one replica each posts nothing and sets no timer.
#pragma once

#include "broker/replica/directory_assignments.h"
#include "broker/replica/isr_proposals.h"
#include "broker/replica/leader_link.h"
#include "broker/replica/partition_table.h"
#include "broker/replica/partition_watcher.h"
#include "broker/replica/replica_fetcher.h"
#include "replication/metadata/image.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace milena::replica {

class Replication final : public PartitionWatcher {
  public:
    // A link to a broker at an address of the listener that brokers use.
    using Connect =
        std::function<std::unique_ptr<LeaderLink>(BrokerId leader, const metadata::Endpoint& at)>;

    struct Environment {
        BrokerId self;
        std::string listener;  // that brokers use
        net::Executor& executor;
        const Clock& clock;
        PartitionTable& partitions;
        std::function<void(Flusher::Job)> submit;  // to threads that may block
        IsrProposals::Submit alter_partition;
        DirectoryAssignments::Submit assign_directories;
        Connect connect;
        fetcher::Settings fetch;
        // What may change while the node runs.
        struct Tuning {
            int fetchers = 1;                             // from each leader
            std::optional<std::int64_t> sending_rate{};   // bytes each second, of throttled
            std::optional<std::int64_t> fetching_rate{};  // replicas; none: no bound
        };
        std::function<Tuning()> tuning = [] { return Tuning{}; };
        Millis replica_lag_time_max{30'000};
    };

    explicit Replication(Environment environment);
    ~Replication();

    void on_moved(std::shared_ptr<Partition> partition) override;
    void on_proposal(std::shared_ptr<Partition> partition, partition::AlterIsr proposal) override;
    void on_leading() override;
    void on_placed(const PartitionName& partition, DirectoryId directory) override;

    // From any thread, in the order of the images.
    void publish(const metadata::Image& after, const metadata::Delta& delta);
    // Until then no other node leads what this one does, says the controller's answer. From any
    // thread; see Lease. A node of several calls it before the first publish(), with
    // MonoTime::min().
    void hold_lease(MonoTime until);
    // On the executor, or when it has stopped: gives up every connection and timer.
    void stop();

    // The epoch of this node's registration as last published, -1 before.
    BrokerEpoch broker_epoch() const {
        return BrokerEpoch(broker_epoch_.load(std::memory_order_relaxed));
    }
    std::uint64_t fetched_bytes() const { return fetched_bytes_.load(std::memory_order_relaxed); }

  private:
    struct Followed {
        std::shared_ptr<Partition> partition;
        BrokerId leader = kNoBroker;
        LeaderEpoch leader_epoch = kNoLeaderEpoch;
    };
    using Addresses = std::map<BrokerId, metadata::Endpoint>;
    // The partitions of one leader are dealt out among several.
    struct FetcherKey {
        BrokerId leader;
        std::size_t number = 0;

        friend auto operator<=>(const FetcherKey&, const FetcherKey&) = default;
    };

    void look_at(const std::shared_ptr<Partition>& partition);
    void unfollow(const fetcher::PartitionKey& key, const Followed& followed);
    FetcherKey fetcher_of(BrokerId leader, const fetcher::PartitionKey& key) const;
    ReplicaFetcher& open_fetcher(const FetcherKey& key);
    void take_tuning(const Environment::Tuning& tuning);
    void take_addresses(Addresses addresses);
    void tick();
    void tick_at(MonoTime when);
    void watch_lease();

    const Environment environment_;
    IsrProposals proposals_;
    DirectoryAssignments placed_;
    Addresses addresses_;
    fetcher::ReplicationQuota fetching_;
    std::size_t fetchers_of_leader_ = 1;
    std::map<FetcherKey, std::unique_ptr<ReplicaFetcher>> fetchers_;
    std::map<fetcher::PartitionKey, Followed> followed_;
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;
    MonoTime timer_at_ = MonoTime::max();
    net::Executor::TimerId lease_timer_ = net::Executor::kNoTimer;
    bool stopped_ = false;
    std::atomic<bool> ticking_ = false;
    std::atomic<std::int64_t> broker_epoch_ = -1;
    std::atomic<std::uint64_t> fetched_bytes_ = 0;
};

}  // namespace milena::replica
