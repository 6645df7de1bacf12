// What partitions need from time to time: retention, checkpoints, removal of deleted files, expiry
// of producers.
//
// Timers live on one executor, the work runs where threads may block; a round that takes longer
// than its interval delays the next one instead of overlapping it.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/flusher.h"
#include "broker/replica/log_store.h"
#include "broker/replica/partition_table.h"

#include <functional>
#include <memory>

namespace milena::replica {

class Upkeep {
  public:
    struct Intervals {
        std::function<Millis()> retention;   // log.retention.check.interval.ms, as of now
        std::function<Millis()> checkpoint;  // log.flush.offset.checkpoint.interval.ms
        std::function<Millis()> producers;   // producer.id.expiration.check.interval.ms
        // How often deleted files, free space and failed directories are looked at.
        Millis look{1'000};
        // How often recovery points are moved where much lies above them.
        Millis secure{1'000};
    };

    Upkeep(net::Executor& executor, Flusher::Submit submit, const Clock& clock, log::Disk& disk,
           LogStore& store, PartitionTable& table, Intervals intervals);
    // The executor must have stopped, or stop() been called on it.
    ~Upkeep() = default;

    // On the executor.
    void start();
    void stop();

  private:
    struct Chore {
        std::function<Millis()> interval;
        std::function<void()> work;
        net::Executor::TimerId timer = net::Executor::kNoTimer;
    };

    void arm(Chore& chore);
    void apply_retention();
    void write_checkpoints();
    void expire_producers();
    void move_recovery_points();
    log::LogTime now() const { return {clock_.wall_now(), clock_.now()}; }

    net::Executor& executor_;
    Flusher::Submit submit_;
    const Clock& clock_;
    log::Disk& disk_;
    LogStore& store_;
    PartitionTable& table_;
    std::vector<Chore> chores_;
    // Rounds since recovery points began to move that are in no checkpoint yet; in the chores only.
    int rounds_secured_ = 0;
    bool stopped_ = false;
};

}  // namespace milena::replica
