#include "replication/partition/read_replica.h"

#include <tuple>

namespace milena::partition {
namespace {

bool is_in_rack(const State& state, BrokerId id, std::string_view rack) {
    const BrokerView* view = state.broker(id);
    return view != nullptr && view->alive && view->rack == rack;
}

}  // namespace

BrokerId preferred_read_replica(const State& state, std::string_view rack, Offset offset,
                                MonoTime now) {
    if (state.role != Role::leader || rack.empty()) return kNoBroker;
    if (is_in_rack(state, state.self, rack)) return kNoBroker;
    const auto rank = [&](const Follower& follower) {
        const auto late = follower.last_caught_up == MonoTime::min()
                              ? Nanos::max()
                              : now - follower.last_caught_up;
        return std::tuple(follower.log_end, -late, follower.id.value());
    };
    const Follower* best = nullptr;
    for (const auto& follower : state.followers) {
        if (!state.in_isr(follower.id) || !is_in_rack(state, follower.id, rack)) continue;
        if (offset > follower.log_end || offset < follower.log_start) continue;
        if (best == nullptr || rank(follower) > rank(*best)) best = &follower;
    }
    return best == nullptr ? kNoBroker : best->id;
}

}  // namespace milena::partition
