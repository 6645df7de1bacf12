// Producer ids for this broker's clients, out of blocks of 1000 from the controller. The next block
// is asked for when a tenth of the current one is left, so that nobody waits for it.
//
// A monitor: any thread may ask. An id is handed out at most once in the life of the cluster; ids
// of a block that was not used up are lost with the process.
#pragma once

#include "broker/net/executor.h"
#include "broker/quorum/controller_host.h"

#include <deque>
#include <mutex>

namespace milena::quorum {

class ProducerIds {
  public:
    using Completion = std::move_only_function<void(Result<ProducerId>)>;

    // `controller` must outlive this object and every completion that it still owes.
    ProducerIds(ControllerHost& controller, BrokerId broker, BrokerEpoch epoch)
        : controller_(controller), broker_(broker), epoch_(epoch) {}

    // `done` is posted to `executor`: an id; or COORDINATOR_LOAD_IN_PROGRESS (retriable) when no
    // block could be had or too many callers wait for one.
    void next(net::Executor& executor, Completion done);

  private:
    struct Waiter {
        net::Executor* executor;
        Completion done;
    };

    // Should the next block be asked for? Whoever is told so does it, without the lock.
    bool must_ask();
    void ask_for_block();
    void on_block(Result<metadata::AllocateProducerIds::Reply> reply);
    // The next id of the current block or of the one behind it.
    bool take(ProducerId& id);

    ControllerHost& controller_;
    const BrokerId broker_;
    const BrokerEpoch epoch_;

    std::mutex mutex_;
    ProducerId next_{0};
    std::int64_t left_ = 0;  // in the current block, from next_ on
    ProducerId reserve_{0};  // first of the block that follows
    std::int64_t reserve_left_ = 0;
    bool asking_ = false;
    std::deque<Waiter> waiting_;
};

}  // namespace milena::quorum
