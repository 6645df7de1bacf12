#include "broker/net/connection_limits.h"

#include "protocol/base/assert.h"

#include <utility>

namespace milena::net {

void ConnectionLimits::update(Values values) {
    std::vector<Waiter> woken;
    {
        const std::lock_guard lock(mutex_);
        values_ = std::move(values);
        woken = take_waiters_if_room();
    }
    for (auto& waiter : woken) waiter.executor->post(std::move(waiter.task));
}

bool ConnectionLimits::has_room(Executor& executor, Task when_room) {
    const std::lock_guard lock(mutex_);
    if (count_ < values_.max) return true;
    waiters_.push_back({&executor, std::move(when_room)});
    return false;
}

bool ConnectionLimits::admit(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto override_at = values_.per_ip_overrides.find(address);
    const auto most =
        override_at == values_.per_ip_overrides.end() ? values_.per_ip_max : override_at->second;
    auto& here = per_address_[address];
    if (here >= most) {
        if (here == 0) per_address_.erase(address);
        return false;
    }
    ++here;
    ++count_;
    return true;
}

void ConnectionLimits::release(const std::string& address) {
    std::vector<Waiter> woken;
    {
        const std::lock_guard lock(mutex_);
        const auto at = per_address_.find(address);
        MILENA_ASSERT(at != per_address_.end() && count_ > 0);
        if (--at->second == 0) per_address_.erase(at);
        --count_;
        woken = take_waiters_if_room();
    }
    for (auto& waiter : woken) waiter.executor->post(std::move(waiter.task));
}

std::uint64_t ConnectionLimits::count() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

std::vector<ConnectionLimits::Waiter> ConnectionLimits::take_waiters_if_room() {
    if (count_ >= values_.max) return {};
    return std::exchange(waiters_, {});
}

}  // namespace milena::net
