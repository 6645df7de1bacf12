// What one fetcher sends next.
#include "replication/fetcher/fetcher.h"

#include <algorithm>

namespace milena::fetcher {
namespace {

// A request does not wait longer than that while somebody who was left out is about to come back.
constexpr Millis kShortWait{20};
constexpr Millis kThrottlePause{100};

}  // namespace

void Fetcher::send(MonoTime now, Ready& ready) {
    abandon_for_newcomers(now, ready);
    if (fetch_ || ends_ || now < not_before_) return;
    release_delayed(now);
    if (!to_locate_.empty()) {
        send_ends(ready);
        return;
    }
    if (!settling_.empty() && now < settle_until_) return;
    settling_.clear();

    FetchRequest request;
    if (session_.is_full()) {
        fill_full(request, now);
    } else {
        fill_incremental(request, now);
    }
    if (in_session_ == 0) {
        // Over there a session without partitions ends.
        session_.lost();
        return;
    }
    request.id = ++last_request_;
    request.session = session_.id();
    request.session_epoch = session_.epoch();
    request.max_wait = max_wait(now);
    request.min_bytes = settings_.min_bytes;
    request.max_bytes = settings_.max_bytes;
    request.partition_bytes = settings_.partition_bytes;
    fetch_ = request.id;
    ready.fetch = std::move(request);
}

void Fetcher::abandon_for_newcomers(MonoTime now, Ready& ready) {
    if (!fetch_ || !newcomers_since_) return;
    if (now < *newcomers_since_ + kNewcomerGrace || now < no_abandon_before_) return;
    ready.abandon = fetch_;
    fetch_.reset();
    newcomers_since_.reset();
    session_.lost();
    // One connection each long poll is enough for topics made one by one.
    no_abandon_before_ = now + settings_.max_wait;
}

void Fetcher::release_delayed(MonoTime now) {
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        auto& entry = *partitions_.find(delayed_.begin()->second);
        const bool placed = entry.second.after_delay != Phase::ready || entry.second.position;
        enter(entry, placed ? entry.second.after_delay : Phase::settling);
    }
}

void Fetcher::send_ends(Ready& ready) {
    LogEndsRequest request{.id = ++last_request_, .partitions = {}};
    for (const auto& key : std::vector(to_locate_)) {
        auto& entry = *partitions_.find(key);
        request.partitions.push_back({key, entry.second.leader_epoch});
        enter(entry, Phase::locating);
    }
    ends_ = request.id;
    ready.ends = std::move(request);
}

// Throttled partitions that lag have to pause while the quota is used up (KIP-73).
bool Fetcher::may_ask(Entry& entry, MonoTime now) {
    auto& tracked = entry.second;
    if (tracked.phase != Phase::ready) return false;
    const bool in_sync = tracked.leader_high_watermark != kNoOffset &&
                         tracked.position->offset >= tracked.leader_high_watermark;
    if (!tracked.throttled || in_sync || !quota_.is_exceeded(now)) return true;
    delay(entry, kThrottlePause, Phase::ready, now);
    return false;
}

void Fetcher::add(Entry& entry, FetchRequest& request) {
    auto& tracked = entry.second;
    if (!tracked.in_session) ++in_session_;
    tracked.in_session = true;
    tracked.sent = *tracked.position;
    request.partitions.push_back({entry.first, tracked.sent});
}

// In turns: the size limit of a response may leave out the last ones every time.
void Fetcher::fill_full(FetchRequest& request, MonoTime now) {
    forgotten_.clear();
    changed_.clear();
    for (auto& entry : partitions_) {
        leave_session(entry);
        entry.second.changed = false;
    }
    auto next = partitions_.upper_bound(turn_);
    for (std::size_t i = 0; i < partitions_.size(); ++i, ++next) {
        if (next == partitions_.end()) next = partitions_.begin();
        if (may_ask(*next, now)) add(*next, request);
    }
    asked_in_full_ = request.partitions.size();
}

void Fetcher::fill_incremental(FetchRequest& request, MonoTime now) {
    asked_in_full_ = 0;
    request.forgotten = std::move(forgotten_);
    forgotten_.clear();
    for (const auto& key : std::exchange(changed_, {})) {
        const auto found = partitions_.find(key);
        if (found == partitions_.end()) continue;
        auto& tracked = found->second;
        tracked.changed = false;
        if (may_ask(*found, now)) {
            if (!tracked.in_session || tracked.position != tracked.sent) add(*found, request);
        } else if (tracked.in_session) {
            leave_session(*found);
            request.forgotten.push_back(key);
        }
    }
    // A partition that was forgotten and came back in between is not forgotten.
    std::erase_if(request.forgotten, [&](const PartitionKey& key) {
        const auto found = partitions_.find(key);
        return found != partitions_.end() && found->second.in_session;
    });
}

Millis Fetcher::max_wait(MonoTime now) const {
    Millis wait = settings_.max_wait;
    if (settling_in_all_ > 0) wait = std::min(wait, kShortWait);
    if (!delayed_.empty()) {
        const auto until = std::chrono::ceil<Millis>(delayed_.begin()->first - now);
        wait = std::min(wait, std::max(until, kShortWait));
    }
    return wait;
}

}  // namespace milena::fetcher
