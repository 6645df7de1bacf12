// The shell of the machine that fetches from one leader: it has the connection and the logs.
//
// Lives on one executor, all calls there. Records go from the connection's buffer into the log on
// it; what waits for a device (syncs, cuts) runs elsewhere, and Replication hears of its end.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/flusher.h"
#include "broker/replica/leader_link.h"
#include "broker/replica/partition.h"
#include "replication/fetcher/fetcher.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

namespace milena::replica {

fetcher::PartitionKey key_of(const Partition& partition);

class ReplicaFetcher {
  public:
    struct Environment {
        net::Executor& executor;
        const Clock& clock;
        // Runs a job on a thread that may block.
        std::function<void(Flusher::Job)> submit;
        std::atomic<std::uint64_t>& fetched_bytes;
        fetcher::ReplicationQuota& quota;
    };

    ReplicaFetcher(const Environment& environment, const fetcher::Settings& settings)
        : environment_(environment), machine_(settings, &environment_.quota) {}
    ~ReplicaFetcher();
    ReplicaFetcher(const ReplicaFetcher&) = delete;
    ReplicaFetcher& operator=(const ReplicaFetcher&) = delete;

    // Null: nobody knows where that broker is.
    void set_link(std::unique_ptr<LeaderLink> link);
    void follow(std::shared_ptr<Partition> partition, const FollowedPartition& where);
    // Where a partition stands that is followed in this very epoch.
    void update(const Partition& partition, const FollowedPartition& where);
    void unfollow(const fetcher::PartitionKey& key);
    bool empty() const { return partitions_.empty(); }

  private:
    void step(const fetcher::Input& input, const LeaderAnswers* answers = nullptr);
    void deliver(const fetcher::Delivery& delivery, const LeaderAnswer& answer);
    void locate(const fetcher::Located& located);
    void settle(const Partition& partition, bool unusable = false);
    void send(fetcher::FetchRequest request);
    void send(fetcher::LogEndsRequest request);
    void lose(std::uint64_t request);
    void arm_timer();
    log::LogTime now() const {
        return {environment_.clock.wall_now(), environment_.executor.now()};
    }

    const Environment environment_;
    fetcher::Fetcher machine_;
    std::unique_ptr<LeaderLink> link_;
    std::map<fetcher::PartitionKey, std::shared_ptr<Partition>> partitions_;
    net::Executor::TimerId timer_ = net::Executor::kNoTimer;
    MonoTime timer_at_ = MonoTime::max();
    // Answers that come after this has gone find it expired.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace milena::replica
