#include "broker/quorum/absences.h"

#include <algorithm>

namespace milena::quorum {

// Tries to connect that fail again do not begin the time anew.
void Absences::gone(BrokerId node, MonoTime now) {
    const std::lock_guard lock(mutex_);
    since_.emplace(node, now);
    any_ = true;
}

void Absences::back(BrokerId node) {
    const std::lock_guard lock(mutex_);
    since_.erase(node);
    any_ = !since_.empty() || !expected_.empty();
}

void Absences::expect(std::vector<BrokerId> nodes, MonoTime until) {
    const std::lock_guard lock(mutex_);
    expected_ = std::move(nodes);
    expected_until_ = until;
    any_ = !since_.empty() || !expected_.empty();
}

bool Absences::is_complete(const metadata::Image& image) const {
    return std::all_of(expected_.begin(), expected_.end(), [&](BrokerId id) {
        const metadata::BrokerImage* broker = image.broker(id);
        return broker != nullptr && !broker->is_fenced;
    });
}

bool Absences::is_settling(const metadata::Image& image, MonoTime now) {
    if (!any()) return false;
    const std::lock_guard lock(mutex_);
    if (!expected_.empty()) {
        if (now < expected_until_ && !is_complete(image)) return true;
        expected_.clear();
        any_ = !since_.empty();
    }
    return std::any_of(since_.begin(), since_.end(), [&](const auto& absence) {
        const metadata::BrokerImage* broker = image.broker(absence.first);
        return broker != nullptr && !broker->is_fenced && now < absence.second + kSettle;
    });
}

}  // namespace milena::quorum
