// How many connections there may be: in all, and from one address.
#pragma once

#include "broker/net/executor.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace milena::net {

class ConnectionLimits {
  public:
    struct Values {
        std::uint32_t max = INT32_MAX;
        std::uint32_t per_ip_max = INT32_MAX;
        std::map<std::string, std::uint32_t> per_ip_overrides;
    };

    explicit ConnectionLimits(Values values) : values_(std::move(values)) {}

    // New values hold for connections from now on; none that is open is closed.
    void update(Values values);

    // Is there room for one more in all? If not, `when_room` is posted to `executor` once there is.
    bool has_room(Executor& executor, Task when_room);
    // Counts a connection; false, and not counted, when its address has too many.
    bool admit(const std::string& address);
    // A counted connection is gone.
    void release(const std::string& address);

    std::uint64_t count() const;

  private:
    struct Waiter {
        Executor* executor;
        Task task;
    };
    std::vector<Waiter> take_waiters_if_room();

    mutable std::mutex mutex_;
    Values values_;
    std::uint64_t count_ = 0;
    std::unordered_map<std::string, std::uint32_t> per_address_;
    std::vector<Waiter> waiters_;
};

}  // namespace milena::net
