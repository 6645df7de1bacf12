// Hosts the shards of one kind of coordinator: one per partition of its internal topic that this
// node leads. What a machine M is and what it owes: broker/coordinator/decision.h.
//
// H1 loaded first: a shard decides nothing before its whole log has been replayed
//    (COORDINATOR_LOAD_IN_PROGRESS), and nothing after its leadership ended (NOT_COORDINATOR).
// H2 committed first: a reply leaves when every record written in the shard up to then is
//    acknowledged, so nobody is told what a crash could take back.
// H3 owed: every `done` is called exactly once, from any thread, under no lock of the host.
// H4 one epoch: a new leader epoch is a new life of the shard, replayed from the log.
//
// Driven by broker/api (submit), by the cluster metadata (publish, after TopicPublisher) and by the
// server (start, stop). All functions may be called from any thread.
#pragma once

#include "broker/replica/coordinator_shard.h"
#include "broker/replica/java_hash.h"
#include "broker/replica/partition_table.h"

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

namespace milena::replica {

template <class M>
class CoordinatorHost {
  public:
    using Done = typename CoordinatorShard<M>::Done;
    using Options = typename CoordinatorShard<M>::Options;

    // `topic`: the internal topic whose partitions are the shards. `executors`: timers and commits
    // of the shards are spread over them; at least one.
    CoordinatorHost(std::string topic, BrokerId self, const PartitionTable& partitions,
                    CoordinatorEnvironment environment, std::vector<net::Executor*> executors,
                    Options options)
        : topic_(std::move(topic)),
          self_(self),
          partitions_(partitions),
          environment_(std::move(environment)),
          executors_(std::move(executors)),
          options_(std::move(options)) {}

    // --- Requests ---

    // The shard that a group or transactional id belongs to, as Kafka hashes it.
    // COORDINATOR_NOT_AVAILABLE while the topic does not exist.
    Result<PartitionIndex> shard_of(std::string_view id) const {
        const auto count = shard_count_.load(std::memory_order_acquire);
        if (count <= 0) {
            return fail(ErrorCode::COORDINATOR_NOT_AVAILABLE, topic_ + " does not exist yet");
        }
        return PartitionIndex(coordinator_partition(id, count));
    }

    // Has the shard decide. `done` gets the machine's reply, or why there is none:
    // COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR, and when the append
    // was refused INVALID_RECORD, UNKNOWN_SERVER_ERROR or what the partition said (see
    // coordinator_error).
    void submit(PartitionIndex shard, typename M::Request request, Done done,
                Verification verification = {}) {
        const auto found = find(shard);
        if (!found) return done(std::unexpected(not_coordinator(topic_, shard)));
        found->submit(std::move(request), std::move(done), verification);
    }
    // The same, in the shard of `id`.
    void submit_for(std::string_view id, typename M::Request request, Done done) {
        const auto shard = shard_of(id);
        if (!shard) return done(std::unexpected(shard.error()));
        submit(*shard, std::move(request), std::move(done));
    }

    // The end of a transaction in this shard (WriteTxnMarkers): writes the marker, tells the
    // machine; `done` when it is committed.
    using Written = typename CoordinatorShard<M>::Written;
    void end_transaction(PartitionIndex shard, const log::TransactionEnd& end, Written done) {
        const auto found = find(shard);
        if (!found) return done(std::unexpected(not_coordinator(topic_, shard)));
        found->end_transaction(end, std::move(done));
    }

    // The shards that this node hosts, loaded or not: for requests that ask all of them.
    std::vector<PartitionIndex> shards() const {
        const std::shared_lock lock(mutex_);
        std::vector<PartitionIndex> hosted;
        for (const auto& [index, shard] : shards_) hosted.push_back(index);
        return hosted;
    }

    const std::string& topic() const { return topic_; }

    // --- Metrics ---

    const CoordinatorCounters& counters() const { return counters_; }
    struct ShardCounts {
        std::size_t hosted = 0;
        std::size_t loading = 0;  // of them
    };
    ShardCounts shard_counts() const {
        const std::shared_lock lock(mutex_);
        ShardCounts counts{shards_.size(), 0};
        for (const auto& [index, shard] : shards_) counts.loading += shard->is_loading() ? 1U : 0U;
        return counts;
    }
    // Shows `look` the machine of every shard that is loaded, one after the other.
    template <class Look>
    void show_machines(Look&& look) const {
        for (const auto index : shards()) {
            if (const auto shard = find(index)) shard->show_machine(look);
        }
    }

    // --- The cluster metadata, the server ---

    // On the quorum's executor, after the partitions have heard of it.
    void publish(const metadata::Image& after) {
        const auto* topic = after.topic(topic_);
        const auto count = topic == nullptr ? 0 : static_cast<int>(topic->partitions.size());
        shard_count_.store(count, std::memory_order_release);
        std::vector<std::shared_ptr<CoordinatorShard<M>>> ended;
        std::vector<std::shared_ptr<CoordinatorShard<M>>> begun;
        {
            const std::unique_lock lock(mutex_);
            if (!started_) return;
            follow(topic, ended, begun);
        }
        for (const auto& shard : ended) shard->end();
        for (const auto& shard : begun) shard->begin();
    }
    // Begins to load what this node leads. Once the broker is registered.
    void start(const metadata::Image& image) {
        {
            const std::unique_lock lock(mutex_);
            started_ = true;
        }
        publish(image);
    }
    // Ends every shard: what is owed is answered NOT_COORDINATOR. Before the executors stop.
    void stop() {
        decltype(shards_) ended;
        {
            const std::unique_lock lock(mutex_);
            started_ = false;
            ended.swap(shards_);
        }
        for (const auto& [index, shard] : ended) shard->end();
    }

  private:
    using Shards = std::vector<std::shared_ptr<CoordinatorShard<M>>>;

    std::shared_ptr<CoordinatorShard<M>> find(PartitionIndex index) const {
        const std::shared_lock lock(mutex_);
        const auto found = shards_.find(index);
        return found == shards_.end() ? nullptr : found->second;
    }

    // With the lock held. Which lives end and which begin under this metadata.
    void follow(const metadata::TopicImage* topic, Shards& ended, Shards& begun) {
        std::erase_if(shards_, [&](const auto& entry) {
            const auto& [index, shard] = entry;
            const auto* from = leads(topic, index);
            if (from != nullptr && topic->id == shard->topic_id() &&
                from->leader_epoch == shard->leader_epoch()) {
                return false;
            }
            ended.push_back(shard);
            return true;
        });
        if (topic == nullptr) return;
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionIndex index(static_cast<std::int32_t>(i));
            const auto* from = leads(topic, index);
            if (from == nullptr || shards_.contains(index)) continue;
            // What the disk refused to open is answered NOT_COORDINATOR.
            auto partition = partitions_.find(topic->id, index);
            if (!partition) continue;
            auto& executor = *executors_[i % executors_.size()];
            auto shard =
                std::make_shared<CoordinatorShard<M>>(std::move(partition), from->leader_epoch,
                                                      environment_, executor, options_, counters_);
            shards_.emplace(index, shard);
            begun.push_back(std::move(shard));
        }
    }

    const metadata::PartitionImage* leads(const metadata::TopicImage* topic,
                                          PartitionIndex index) const {
        const auto* partition = topic == nullptr ? nullptr : topic->partition(index);
        return partition != nullptr && partition->leader == self_ ? partition : nullptr;
    }

    const std::string topic_;
    const BrokerId self_;
    const PartitionTable& partitions_;
    const CoordinatorEnvironment environment_;
    const std::vector<net::Executor*> executors_;
    const Options options_;
    CoordinatorCounters counters_;
    std::atomic<int> shard_count_ = 0;

    mutable std::shared_mutex mutex_;
    bool started_ = false;
    std::map<PartitionIndex, std::shared_ptr<CoordinatorShard<M>>> shards_;
};

}  // namespace milena::replica
