#include "tools/bench/load.h"

#include "tools/client/machine.h"

namespace milena::bench {

Stopwatch::Stopwatch(const Measure& measure, MonoTime now)
    : pids_(measure.server_pids),
      begins_(now + measure.warm_up),
      ends_(begins_ + measure.duration) {}

Result<bool> Stopwatch::tick(MonoTime now) {
    if (!running_ && now >= begins_) {
        running_ = true;
        started_ = now;
        client_before_ = own_cpu_time();
        MILENA_ASSIGN(server_before_, read_process_stats(pids_));
        return true;
    }
    if (running_ && !over_ && now >= ends_) {
        over_ = true;
        stopped_ = now;
        client_after_ = own_cpu_time();
        MILENA_ASSIGN(server_after_, read_process_stats(pids_));
    }
    return false;
}

Status Stopwatch::run_to_end(const Clock& clock) {
    while (!over_) {
        const auto now = clock.now();
        const auto next = running_ ? ends_ : begins_;
        if (now < next) client::pause_for(next - now);
        MILENA_TRY(tick(clock.now()));
    }
    return {};
}

void Stopwatch::fill(Figures& figures) const {
    const auto seconds = [](Nanos time) { return std::chrono::duration<double>(time).count(); };
    figures.seconds = seconds(stopped_ - started_);
    figures.client_cpu_seconds = seconds(client_after_ - client_before_);
    if (!pids_.empty()) {
        figures.server_cpu_seconds = seconds(server_after_.cpu - server_before_.cpu);
        figures.server_resident_bytes = server_after_.resident_bytes;
    }
}

}  // namespace milena::bench
