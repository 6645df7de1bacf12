// The timers that a coordinator's machine has set: data, in the order of their time.
//
// Driven by CoordinatorShard, under its lock.
#pragma once

#include "broker/coordinator/decision.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace milena::replica {

class CoordinatorTimers {
  public:
    void change(const coordinator::TimerChange& change) {
        const auto known = times_.find(change.key);
        if (known != times_.end()) {
            queue_.erase({known->second, &known->first});
            if (!change.at) {
                times_.erase(known);
                return;
            }
            known->second = *change.at;
            queue_.emplace(*change.at, &known->first);
        } else if (change.at) {
            const auto [added, _] = times_.emplace(change.key, *change.at);
            queue_.emplace(*change.at, &added->first);
        }
    }

    // When the next one fires.
    std::optional<MonoTime> earliest() const {
        if (queue_.empty()) return std::nullopt;
        return queue_.begin()->first;
    }

    // Takes out the next one that is due at `now`.
    std::optional<coordinator::TimerKey> take_due(MonoTime now) {
        if (queue_.empty() || queue_.begin()->first > now) return std::nullopt;
        const auto* key = queue_.begin()->second;
        queue_.erase(queue_.begin());
        return std::move(times_.extract(*key).key());
    }

    std::size_t size() const { return times_.size(); }

  private:
    // The keys lie in times_, whose nodes stay where they are.
    std::map<coordinator::TimerKey, MonoTime, std::less<>> times_;
    std::set<std::pair<MonoTime, const coordinator::TimerKey*>> queue_;
};

}  // namespace milena::replica
