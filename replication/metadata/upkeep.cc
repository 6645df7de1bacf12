#include "replication/metadata/upkeep.h"

#include <algorithm>

namespace milena::metadata {

std::vector<Request> Upkeep::due(const Sessions& sessions, const Image& image, MonoTime now) {
    std::vector<Request> requests;
    if (sessions.first_expired(image, timing_.session_timeout, now)) {
        requests.emplace_back(FenceExpiredBroker{});
    }
    if (now >= missing_at_) {
        requests.emplace_back(ElectMissingLeaders{});
        missing_at_ = now + timing_.missing_leader_interval;
    }
    if (timing_.balances_leaders && now >= balance_at_) {
        requests.emplace_back(BalanceLeaders{});
        balance_at_ = now + timing_.balance_interval;
    }
    if (timing_.max_idle.count() > 0 && now >= written_at_ + timing_.max_idle) {
        requests.emplace_back(WriteNoOp{});
        written_at_ = now;
    }
    return requests;
}

MonoTime Upkeep::next(const Sessions& sessions, const Image& image) const {
    MonoTime next = missing_at_;
    if (timing_.balances_leaders) next = std::min(next, balance_at_);
    if (timing_.max_idle.count() > 0) next = std::min(next, written_at_ + timing_.max_idle);
    if (const auto expiry = sessions.next_expiry(image, timing_.session_timeout)) {
        // The session lasts up to and including that moment.
        next = std::min(next, *expiry + Nanos(1));
    }
    return next;
}

}  // namespace milena::metadata
