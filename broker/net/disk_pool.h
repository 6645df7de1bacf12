// Threads for disk work that blocks: syncs, reads of cold data. Reactors hand it tasks and are
// answered by a post.
#pragma once

#include "broker/net/executor.h"
#include "protocol/base/error.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace milena::net {

class DiskPool {
  public:
    // Both > 0. `waiting_max` tasks may wait for a thread.
    DiskPool(std::size_t threads, std::size_t waiting_max);
    // Stops.
    ~DiskPool();

    // Runs `task` on some thread of the pool, in the order of submission as far as there is one
    // thread free. REQUEST_TIMED_OUT, and `task` is untouched, when too many wait already: answer
    // with a retriable error. BROKER_NOT_AVAILABLE after stop().
    Status submit(Task&& task);

    // Runs what was submitted to its end, refuses what comes later, joins.
    void stop();

    std::size_t waiting() const;

  private:
    void run();

    const std::size_t waiting_max_;
    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace milena::net
