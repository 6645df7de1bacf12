#include "broker/replica/replication.h"

#include "protocol/base/logger.h"

#include <algorithm>
#include <utility>

namespace milena::replica {
namespace {

// How late a follower that lags may be found at most.
constexpr Millis kLongestTick{1'000};
// A proposal that was refused is made again no sooner (replication/partition).
constexpr Millis kRetryTick{50};

}  // namespace

Replication::Replication(Environment environment)
    : environment_(std::move(environment)),
      proposals_(environment_.self, environment_.executor, environment_.alter_partition,
                 [this] { tick_at(environment_.executor.now() + kRetryTick); }),
      placed_(environment_.self, environment_.executor, environment_.assign_directories),
      fetchers_of_leader_(static_cast<std::size_t>(environment_.tuning().fetchers)) {
    // Rates are settings of the cluster alone: publish() brings them.
}

Replication::~Replication() {
    stop();
}

void Replication::stop() {
    stopped_ = true;
    if (timer_ != net::Executor::kNoTimer) environment_.executor.cancel(timer_);
    timer_ = net::Executor::kNoTimer;
    if (lease_timer_ != net::Executor::kNoTimer) environment_.executor.cancel(lease_timer_);
    lease_timer_ = net::Executor::kNoTimer;
    placed_.stop();
    fetchers_.clear();
    followed_.clear();
}

// --- From partitions ---

void Replication::on_moved(std::shared_ptr<Partition> partition) {
    environment_.executor.post([this, partition = std::move(partition)] { look_at(partition); });
}

void Replication::on_proposal(std::shared_ptr<Partition> partition, partition::AlterIsr proposal) {
    environment_.executor.post(
        [this, partition = std::move(partition), proposal = std::move(proposal)]() mutable {
            if (!stopped_) proposals_.propose(std::move(partition), std::move(proposal));
        });
}

void Replication::on_leading() {
    if (ticking_.exchange(true, std::memory_order_acq_rel)) return;
    environment_.executor.post([this] { tick(); });
}

void Replication::on_placed(const PartitionName& partition, DirectoryId directory) {
    environment_.executor.post([this,
                                key = fetcher::PartitionKey{partition.topic_id, partition.index},
                                directory] { placed_.assign(key, directory); });
}

// A partition says only that something has changed: what it is comes from the partition itself, so
// that messages which overtake each other do no harm.
void Replication::look_at(const std::shared_ptr<Partition>& partition) {
    if (stopped_) return;
    if (partition->needs_opening()) {
        environment_.submit([partition] { partition->open(); });
        return;
    }
    const auto key = key_of(*partition);
    const auto known = followed_.find(key);
    const auto where = partition->following();
    if (known != followed_.end()) {
        auto& followed = known->second;
        // One that was closed, and has a successor by now.
        if (followed.partition != partition && !where) return;
        const bool same = where && followed.partition == partition &&
                          followed.leader == where->leader &&
                          followed.leader_epoch == where->leader_epoch;
        if (same) {
            const auto fetcher = fetchers_.find(fetcher_of(followed.leader, key));
            if (fetcher != fetchers_.end()) fetcher->second->update(*partition, *where);
            return;
        }
        if (!where || followed.leader != where->leader) unfollow(key, followed);
    }
    if (!where) {
        followed_.erase(key);
        return;
    }
    followed_.insert_or_assign(key, Followed{partition, where->leader, where->leader_epoch});
    if (where->leader == kNoBroker) return;
    open_fetcher(fetcher_of(where->leader, key)).follow(partition, *where);
}

void Replication::unfollow(const fetcher::PartitionKey& key, const Followed& followed) {
    const auto fetcher = fetchers_.find(fetcher_of(followed.leader, key));
    if (fetcher == fetchers_.end()) return;
    fetcher->second->unfollow(key);
    if (fetcher->second->empty()) fetchers_.erase(fetcher);
}

Replication::FetcherKey Replication::fetcher_of(BrokerId leader,
                                                const fetcher::PartitionKey& key) const {
    const auto spread =
        std::hash<TopicId>{}(key.topic) + static_cast<std::size_t>(key.index.value());
    return {leader, spread % fetchers_of_leader_};
}

ReplicaFetcher& Replication::open_fetcher(const FetcherKey& key) {
    auto& fetcher = fetchers_[key];
    if (!fetcher) {
        fetcher = std::make_unique<ReplicaFetcher>(
            ReplicaFetcher::Environment{environment_.executor, environment_.clock,
                                        environment_.submit, fetched_bytes_, fetching_},
            environment_.fetch);
        const auto at = addresses_.find(key.leader);
        if (at != addresses_.end()) fetcher->set_link(environment_.connect(key.leader, at->second));
    }
    return *fetcher;
}

// Another number of fetchers deals all partitions out anew.
void Replication::take_tuning(const Environment::Tuning& tuning) {
    if (stopped_) return;
    fetching_.set_rate(tuning.fetching_rate);
    const auto fetchers = static_cast<std::size_t>(tuning.fetchers);
    if (fetchers == fetchers_of_leader_) return;
    fetchers_.clear();
    fetchers_of_leader_ = fetchers;
    for (const auto& [key, followed] : std::exchange(followed_, {})) look_at(followed.partition);
}

// --- The cluster metadata ---

void Replication::publish(const metadata::Image& after, const metadata::Delta& delta) {
    if (!delta.configs.empty()) {
        const auto tuning = environment_.tuning();
        sending_.set_rate(tuning.sending_rate);
        environment_.executor.post([this, tuning] { take_tuning(tuning); });
    }
    if (delta.brokers.empty()) return;
    Addresses addresses;
    for (const auto& broker : after.brokers) {
        if (broker->id == environment_.self) {
            broker_epoch_.store(broker->epoch.value(), std::memory_order_relaxed);
        } else if (const auto* endpoint = broker->endpoint(environment_.listener)) {
            addresses.emplace(broker->id, *endpoint);
        }
    }
    if (addresses.empty() && after.brokers.size() == 1) return;
    environment_.executor.post([this, addresses = std::move(addresses)]() mutable {
        take_addresses(std::move(addresses));
    });
}

void Replication::take_addresses(Addresses addresses) {
    if (stopped_) return;
    proposals_.set_broker_epoch(broker_epoch());
    placed_.set_broker_epoch(broker_epoch());
    const auto before = std::exchange(addresses_, std::move(addresses));
    for (const auto& [key, fetcher] : fetchers_) {
        const auto leader = key.leader;
        const auto was = before.find(leader);
        const auto is = addresses_.find(leader);
        const bool known = is != addresses_.end();
        if (known && was != before.end() && was->second == is->second) continue;
        fetcher->set_link(known ? environment_.connect(leader, is->second) : nullptr);
    }
}

// --- Time ---

void Replication::tick() {
    if (timer_ != net::Executor::kNoTimer) environment_.executor.cancel(timer_);
    timer_ = net::Executor::kNoTimer;
    timer_at_ = MonoTime::max();
    if (stopped_) return;
    const auto now = environment_.executor.now();
    // Cleared before looking: who begins to lead from here on sets it again.
    ticking_.store(false, std::memory_order_release);
    bool any = false;
    MonoTime next =
        now + std::clamp(environment_.replica_lag_time_max / 2, Millis(1), kLongestTick);
    for (const auto& partition : environment_.partitions.all()) {
        const auto ticked = partition->tick(now);
        any = any || ticked.leads_replicas;
        if (ticked.next) next = std::min(next, *ticked.next);
    }
    if (!any) return;
    ticking_.store(true, std::memory_order_release);
    tick_at(std::max(next, now + Millis(1)));
}

void Replication::hold_lease(MonoTime until) {
    lease_.hold(until);
    if (until == MonoTime::min()) return;
    environment_.executor.post([this] {
        if (!stopped_ && lease_timer_ == net::Executor::kNoTimer) watch_lease();
    });
}

// One timer that is set again only when it fires: leases are renewed far more often.
void Replication::watch_lease() {
    lease_timer_ = net::Executor::kNoTimer;
    auto& executor = environment_.executor;
    const auto until = lease_.until();
    if (executor.now() < until) {
        lease_timer_ = executor.call_at(until, [this] { watch_lease(); });
        return;
    }
    log_warn("lease_ended", {{"reason",
                              "the controller has not answered for so long that others "
                              "may lead what this broker leads"},
                             {"remedy", "it serves again when the controller answers"}});
    for (const auto& partition : environment_.partitions.all()) {
        partition->on_lease_end(executor.now());
    }
}

// No later than then.
void Replication::tick_at(MonoTime when) {
    if (stopped_ || timer_at_ <= when) return;
    auto& executor = environment_.executor;
    if (timer_ != net::Executor::kNoTimer) executor.cancel(timer_);
    timer_at_ = when;
    timer_ = executor.call_at(when, [this] { tick(); });
}

}  // namespace milena::replica
