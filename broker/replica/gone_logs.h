// Logs that have been removed since checkpoints were last written: lines of the checkpoints on disk
// may still speak of them, and after a crash a new topic of the same name would take those for its
// own.
//
// A monitor, asked whenever a log is made, so that it must not wait for whoever writes checkpoints.
#pragma once

#include "log/layout.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>

namespace milena::replica {

class GoneLogs {
  public:
    // A moment: everything added before it counts to what it stands for.
    using Mark = std::uint64_t;

    void add(const log::TopicPartition& key) {
        const std::lock_guard lock(mutex_);
        logs_[key] = {++added_, false};
    }
    Mark mark() const {
        const std::lock_guard lock(mutex_);
        return added_;
    }
    bool contains(const log::TopicPartition& key) const {
        const std::lock_guard lock(mutex_);
        return logs_.contains(key);
    }
    // Are there lines of it?
    bool has_lines(const log::TopicPartition& key) const {
        const std::lock_guard lock(mutex_);
        const auto found = logs_.find(key);
        return found != logs_.end() && !found->second.lines_removed;
    }
    std::set<log::TopicPartition> all() const {
        const std::lock_guard lock(mutex_);
        std::set<log::TopicPartition> keys;
        for (const auto& [key, gone] : logs_) keys.insert(key);
        return keys;
    }
    // No line speaks any more of what was added until then.
    void lines_removed(Mark until) {
        const std::lock_guard lock(mutex_);
        for (auto& [key, gone] : logs_) gone.lines_removed |= gone.added <= until;
    }
    // Checkpoints have been written of marks taken after that.
    void forget(Mark until) {
        const std::lock_guard lock(mutex_);
        std::erase_if(logs_, [until](const auto& each) { return each.second.added <= until; });
    }

  private:
    struct Gone {
        Mark added = 0;
        bool lines_removed = false;
    };

    mutable std::mutex mutex_;
    std::map<log::TopicPartition, Gone> logs_;
    Mark added_ = 0;
};

}  // namespace milena::replica
