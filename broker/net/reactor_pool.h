// The reactors of a node: as many as it has network threads.
#pragma once

#include "broker/net/reactor.h"
#include "protocol/base/error.h"
#include "protocol/base/time.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace milena::net {

class ReactorPool {
  public:
    // `size` > 0.
    ReactorPool(const Clock& clock, std::size_t size);
    ~ReactorPool();

    void start();
    // Ends all loops and waits for their threads. REQUEST_TIMED_OUT names the reactors that were
    // still in a handler at the deadline; the destructor waits for them without one.
    Status stop(Millis deadline);

    std::size_t size() const { return reactors_.size(); }
    Reactor& operator[](std::size_t index) { return *reactors_[index]; }

  private:
    std::vector<std::shared_ptr<Reactor>> reactors_;
};

}  // namespace milena::net
