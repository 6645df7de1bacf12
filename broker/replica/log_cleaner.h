// Compaction on this node: takes the dirtiest log, cleans it, takes the next; sleeps when nothing
// is dirty enough.
//
// C1 one at a time: no two threads clean the same partition.
// C2 never gives up: a round that fails is counted, logged with its reason and tried again, later
//    each time; the other partitions go on.
// C3 light: a partition is locked to be looked at, for a plan and for a swap, never while bytes are
//    read or written.
//
// Rounds run on threads of their own, for they may take minutes. Timers are on one executor.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/flusher.h"
#include "broker/replica/io_pace.h"
#include "broker/replica/partition_table.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace milena::replica {

class LogCleaner {
  public:
    // log.cleaner.*, as of now.
    struct Settings {
        std::size_t threads = 1;
        std::uint64_t dedupe_bytes = 0;  // of all threads together
        double load_factor = 0.9;
        std::uint64_t io_bytes = 0;   // of all threads together
        double bytes_per_second = 0;  // 0 or less: no limit
        Millis backoff{0};
    };
    using ReadSettings = std::function<Settings()>;
    // Makes one more thread and gives what runs a job there.
    using NewWorker = std::function<Flusher::Submit()>;

    // Everything outlives the cleaner. `seed`: for what clients must not guess.
    LogCleaner(net::Executor& executor, const Clock& clock, PartitionTable& table,
               ReadSettings settings, NewWorker new_worker, std::uint64_t seed)
        : executor_(executor),
          clock_(clock),
          table_(table),
          settings_(std::move(settings)),
          new_worker_(std::move(new_worker)),
          seed_(seed) {}

    // On the executor.
    void start() { match_threads(); }
    // From any thread: rounds under way end soon, no other begins. Nothing is lost, what was not
    // swapped in is removed. The workers have to be waited for before the partitions are closed.
    void stop();

  private:
    struct Failure {
        std::uint32_t times = 0;
        MonoTime retry_at;
    };

    void match_threads();
    void arm(std::size_t worker, Millis delay);
    // On a worker's thread. True: there was something to do, look again.
    bool work(const Settings& settings);
    std::shared_ptr<Partition> take_dirtiest();
    Status clean(Partition& partition, const Settings& settings);
    void give_back(const std::shared_ptr<Partition>& partition, const Status& result,
                   Millis backoff);
    Status pace(std::uint64_t bytes, double bytes_per_second);
    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }

    net::Executor& executor_;
    const Clock& clock_;
    PartitionTable& table_;
    ReadSettings settings_;
    NewWorker new_worker_;
    const std::uint64_t seed_;

    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::set<const Partition*> busy_;
    std::map<const Partition*, Failure> failures_;
    IoPace pace_;
    // These on the executor only.
    std::vector<Flusher::Submit> workers_;
    std::size_t wanted_workers_ = 0;  // those behind it rest
};

}  // namespace milena::replica
