// What happens to the partitions of one fetcher.
#include "replication/fetcher/fetcher.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::fetcher {

Ready Fetcher::step(const Input& input, MonoTime now) {
    Ready ready;
    std::visit([&](const auto& event) { apply(event, now, ready); }, input);
    send(now, ready);
    last_step_ = std::max(last_step_, now);
    return ready;
}

// --- Phases ---

void Fetcher::enter(Entry& entry, Phase phase) {
    auto& [key, tracked] = entry;
    if (tracked.phase == Phase::settling) {
        settling_.erase(key);
        --settling_in_all_;
    }
    if (tracked.phase == Phase::delayed) delayed_.erase({tracked.not_before, key});
    if (tracked.phase == Phase::to_locate) std::erase(to_locate_, key);
    tracked.phase = phase;
    if (phase == Phase::settling) ++settling_in_all_;
    if (phase == Phase::to_locate) to_locate_.push_back(key);
    mark_changed(entry);
}

void Fetcher::settle(Entry& entry, MonoTime now) {
    enter(entry, Phase::settling);
    settling_.insert(entry.first);
    settle_until_ = now + kSettleLimit;
}

void Fetcher::delay(Entry& entry, Millis by, Phase after, MonoTime now) {
    enter(entry, Phase::delayed);
    entry.second.after_delay = after;
    entry.second.not_before = now + by;
    delayed_.insert({entry.second.not_before, entry.first});
}

Millis Fetcher::backoff(unsigned failures) const {
    return std::min(settings_.backoff, kFirstBackoff * (1 << std::min(failures - 1, 10U)));
}

// (core/.../AbstractFetcherThread.scala: what each error means)
void Fetcher::fail_partition(Entry& entry, ErrorCode error, Phase again, MonoTime now) {
    switch (error) {
        case ErrorCode::OFFSET_OUT_OF_RANGE:
            // The second time in a row: what was found out did not help.
            if (++entry.second.failures > 1) {
                delay(entry, backoff(entry.second.failures), Phase::to_locate, now);
            } else {
                enter(entry, Phase::to_locate);
            }
            return;
        case ErrorCode::FENCED_LEADER_EPOCH:
            // Our metadata is what lags; it will bring a Follow.
            enter(entry, Phase::stopped);
            return;
        default:
            delay(entry, backoff(++entry.second.failures), again, now);
            return;
    }
}

void Fetcher::fail_all(MonoTime now) {
    session_.lost();
    not_before_ = now + backoff(++failures_);
}

void Fetcher::mark_changed(Entry& entry) {
    if (entry.second.changed) return;
    entry.second.changed = true;
    changed_.push_back(entry.first);
}

void Fetcher::leave_session(Entry& entry) {
    if (!entry.second.in_session) return;
    entry.second.in_session = false;
    --in_session_;
}

// --- What the shell wants fetched ---

void Fetcher::apply(const Follow& input, MonoTime now, Ready&) {
    const auto [found, is_new] = partitions_.try_emplace(input.key);
    if (is_new) ++settling_in_all_;  // the phase it begins with
    auto& tracked = found->second;
    tracked.leader_epoch = input.leader_epoch;
    tracked.position = input.position;
    tracked.failures = 0;
    tracked.leader_high_watermark = kNoOffset;
    if (!input.position) {
        settle(*found, now);
        return;
    }
    enter(*found, Phase::ready);
    if (fetch_ && !newcomers_since_) newcomers_since_ = now;
}

void Fetcher::apply(const Unfollow& input, MonoTime, Ready&) {
    const auto found = partitions_.find(input.key);
    if (found == partitions_.end()) return;
    // Leaves every list, too.
    enter(*found, Phase::stopped);
    if (found->second.in_session) {
        leave_session(*found);
        forgotten_.push_back(input.key);
    }
    partitions_.erase(found);
}

void Fetcher::apply(const Positioned& input, MonoTime now, Ready&) {
    const auto found = partitions_.find(input.key);
    if (found == partitions_.end()) return;
    auto& tracked = found->second;
    if (tracked.phase == Phase::stopped) return;
    tracked.position = input.position;
    if (input.unusable) {
        delay(*found, backoff(++tracked.failures), Phase::ready, now);
    } else if (!input.position) {
        // Still on its way; the clock goes on from when it began.
        if (tracked.phase != Phase::settling) settle(*found, now);
    } else if (tracked.phase == Phase::settling || tracked.phase == Phase::ready) {
        enter(*found, Phase::ready);
    }
}

void Fetcher::apply(const LogFailed& input, MonoTime, Ready&) {
    const auto found = partitions_.find(input.key);
    if (found != partitions_.end()) enter(*found, Phase::stopped);
}

void Fetcher::apply(const ThrottleRate& input, MonoTime, Ready&) {
    quota_.set_rate(input.bytes_per_second);
}

void Fetcher::apply(const Throttled& input, MonoTime, Ready&) {
    const auto found = partitions_.find(input.key);
    if (found != partitions_.end()) found->second.throttled = input.on;
}

// --- What came back ---

void Fetcher::apply(const FetchAnswered& input, MonoTime now, Ready& ready) {
    if (fetch_ != input.request) return;
    fetch_.reset();
    newcomers_since_.reset();
    if (input.error != ErrorCode::NONE) {
        const bool of_session = input.error == ErrorCode::FETCH_SESSION_ID_NOT_FOUND ||
                                input.error == ErrorCode::INVALID_FETCH_SESSION_EPOCH ||
                                input.error == ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR;
        // A session that was evicted is nobody's fault: ask for a new one at once.
        if (of_session && failures_ == 0) {
            ++failures_;
        } else {
            fail_all(now);
        }
        session_.refused(input.error);
        return;
    }
    failures_ = 0;
    session_.answered(input.session);
    if (input.partitions.size() < asked_in_full_) session_.lost();
    for (std::size_t i = 0; i < input.partitions.size(); ++i) take_answer(input, i, now, ready);
}

void Fetcher::take_answer(const FetchAnswered& input, std::size_t index, MonoTime now,
                          Ready& ready) {
    const auto& answer = input.partitions[index];
    const auto found = partitions_.find(answer.key);
    if (found == partitions_.end()) return;
    auto& tracked = found->second;
    if (tracked.throttled) quota_.record(answer.bytes, now);
    // It has moved on since it was asked for: another leader epoch, or cut by another way.
    if (tracked.phase != Phase::ready || !tracked.in_session || tracked.position != tracked.sent) {
        return;
    }
    if (answer.error != ErrorCode::NONE) {
        fail_partition(*found, answer.error, Phase::ready, now);
        return;
    }
    tracked.failures = 0;
    tracked.leader_high_watermark = answer.high_watermark;
    if (answer.bytes > 0) turn_ = answer.key;
    ready.deliver.push_back({index, answer.key, tracked.sent});
    settle(*found, now);
}

void Fetcher::apply(const LogEndsAnswered& input, MonoTime now, Ready& ready) {
    if (ends_ != input.request) return;
    ends_.reset();
    for (const auto& answer : input.partitions) {
        const auto found = partitions_.find(answer.key);
        if (found == partitions_.end() || found->second.phase != Phase::locating) continue;
        const auto error = input.error != ErrorCode::NONE ? input.error : answer.error;
        if (error != ErrorCode::NONE) {
            fail_partition(*found, error, Phase::to_locate, now);
            continue;
        }
        ready.locate.push_back({answer.key, found->second.leader_epoch, answer.start, answer.end});
        settle(*found, now);
    }
    // Who was left out of the answer asks again.
    for (auto& entry : partitions_) {
        if (entry.second.phase == Phase::locating) {
            delay(entry, backoff(++entry.second.failures), Phase::to_locate, now);
        }
    }
}

void Fetcher::apply(const RequestLost& input, MonoTime now, Ready&) {
    if (fetch_ == input.request) {
        fetch_.reset();
        newcomers_since_.reset();
    } else if (ends_ == input.request) {
        ends_.reset();
        for (auto& entry : partitions_) {
            if (entry.second.phase == Phase::locating) enter(entry, Phase::to_locate);
        }
    } else {
        return;
    }
    fail_all(now);
}

void Fetcher::apply(const Tick&, MonoTime, Ready&) {}

// --- For those who look on ---

std::optional<MonoTime> Fetcher::deadline() const {
    std::optional<MonoTime> earliest;
    // What was due in the last step was looked at there.
    const auto consider = [&](MonoTime at) {
        if (at > last_step_) earliest = earliest ? std::min(*earliest, at) : at;
    };
    if (ends_) return std::nullopt;
    if (fetch_) {
        if (newcomers_since_) {
            consider(std::max(*newcomers_since_ + kNewcomerGrace, no_abandon_before_));
        }
        return earliest;
    }
    if (!delayed_.empty()) consider(std::max(delayed_.begin()->first, not_before_));
    if (!settling_.empty()) consider(std::max(settle_until_, not_before_));
    if (!partitions_.empty()) consider(not_before_);
    return earliest;
}

std::optional<std::string_view> Fetcher::check_invariants() const {
    std::size_t in_session = 0;
    std::size_t delayed = 0;
    for (const auto& [key, tracked] : partitions_) {
        in_session += tracked.in_session ? 1 : 0;
        delayed += tracked.phase == Phase::delayed ? 1 : 0;
        if (tracked.phase == Phase::ready && !tracked.position) return "ReadyHasPosition";
        if (tracked.phase == Phase::delayed && !delayed_.contains({tracked.not_before, key})) {
            return "DelayedIsListed";
        }
    }
    if (in_session != in_session_) return "SessionCountMatches";
    if (delayed != delayed_.size()) return "DelayedIsListed";
    return std::nullopt;
}

}  // namespace milena::fetcher
