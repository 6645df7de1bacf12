#include "replication/fetcher/quota.h"

namespace milena::fetcher {

void ReplicationQuota::record(std::uint64_t bytes, MonoTime now) {
    const auto window = window_of(now);
    auto& sample = samples_[static_cast<std::size_t>(window % kWindows)];
    if (sample.window != window) sample = {window, 0};
    sample.bytes += bytes;
}

// The rate over all full windows, as Kafka's Rate: a burst after silence is not spread over less
// than the time of ten windows.
bool ReplicationQuota::is_exceeded(MonoTime now) const {
    if (!rate_) return false;
    const auto window = window_of(now);
    std::uint64_t bytes = 0;
    for (const auto& sample : samples_) {
        if (sample.window > window - kWindows) bytes += sample.bytes;
    }
    const Nanos span = (kWindows - 1) * kWindow + now.time_since_epoch() % kWindow;
    const double seconds = std::chrono::duration<double>(span).count();
    return static_cast<double>(bytes) / seconds > static_cast<double>(*rate_);
}

}  // namespace milena::fetcher
