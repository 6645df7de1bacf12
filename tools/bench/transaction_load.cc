#include "tools/bench/transaction_load.h"

#include "tools/bench/transactor.h"

#include <atomic>
#include <thread>

#include <fmt/format.h>

namespace milena::bench {
namespace {

// Of one producer; its thread alone touches it until it has been joined.
struct Worker {
    explicit Worker(Transactor made) : transactor(std::move(made)) {}

    Transactor transactor;
    Histogram latency;
    std::uint64_t transactions = 0;
    Status status;
};

class Crew {
  public:
    Crew(const TransactionLoad& load, const Clock& clock, MonoTime begins, MonoTime ends,
         const client::TopicInfo& topic)
        : clock_(clock),
          begins_(begins),
          ends_(ends),
          value_(static_cast<std::size_t>(load.value_bytes), 'v') {
        for (const auto& partition : topic.partitions) partitions_.push_back(partition.index);
    }

    // On the worker's thread.
    void work(Worker& worker) const {
        while (worker.status && clock_.now() < ends_ && !failed_.load()) {
            const auto began = clock_.now();
            worker.status = one(worker.transactor);
            const auto now = clock_.now();
            if (!worker.status) failed_ = true;
            if (began < begins_ || now > ends_) continue;
            worker.latency.record(static_cast<std::uint64_t>((now - began).count()));
            ++worker.transactions;
        }
    }

  private:
    Status one(Transactor& transactor) const {
        const std::array<ByteView, 1> values{as_bytes(value_)};
        MILENA_TRY(transactor.produce(partitions_, values));
        return transactor.commit();
    }

    const Clock& clock_;
    const MonoTime begins_;
    const MonoTime ends_;
    const std::string value_;
    std::vector<PartitionIndex> partitions_;
    mutable std::atomic<bool> failed_ = false;
};

}  // namespace

Result<Figures> run_transaction_load(client::Cluster& cluster, const TransactionLoad& load) {
    MILENA_ASSIGN(const auto topic,
                  cluster.topic_with_leaders(load.topic, false, cluster.operation_deadline()));
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::int32_t i = 0; i < load.producers; ++i) {
        MILENA_ASSIGN(auto transactor,
                      Transactor::open(cluster, fmt::format("{}-{}", load.topic, i), topic));
        workers.push_back(std::make_unique<Worker>(std::move(transactor)));
    }
    const auto& clock = cluster.clock();
    Stopwatch watch(load.measure, clock.now());
    const Crew crew(load, clock, watch.begins(), watch.ends(), topic);
    std::vector<std::thread> threads;
    threads.reserve(workers.size());
    for (auto& worker : workers) {
        threads.emplace_back([&crew, &worker = *worker] { crew.work(worker); });
    }
    const auto status = watch.run_to_end(clock);
    for (auto& thread : threads) thread.join();
    MILENA_TRY(status);
    Figures figures;
    for (const auto& worker : workers) {
        if (!worker->status) return std::unexpected(worker->status.error());
        figures.latency.merge(worker->latency);
        figures.requests += worker->transactions;
    }
    figures.records = figures.requests * topic.partitions.size();
    watch.fill(figures);
    return figures;
}

}  // namespace milena::bench
