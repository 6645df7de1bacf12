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
    any_ = !since_.empty();
}

bool Absences::is_settling(const metadata::Image& image, MonoTime now) const {
    if (!any()) return false;
    const std::lock_guard lock(mutex_);
    return std::any_of(since_.begin(), since_.end(), [&](const auto& absence) {
        const metadata::BrokerImage* broker = image.broker(absence.first);
        return broker != nullptr && !broker->is_fenced && now < absence.second + kSettle;
    });
}

}  // namespace milena::quorum
