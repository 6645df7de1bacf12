// Group commit: one sync at a time per partition, covering every append made before it began; what
// is appended meanwhile is covered by the next. Several partitions sync side by side.
//
// Driven by Partition, which sees to "one at a time". The work runs on threads that may block,
// never on a reactor.
#pragma once

#include "log/disk.h"
#include "protocol/base/time.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace milena::replica {

class Partition;

class Flusher {
  public:
    using Job = std::move_only_function<void()>;
    using Submit = std::move_only_function<void(Job)>;

    // `submit` runs a job on a thread that may block. Disk and clock outlive the flusher.
    Flusher(log::Disk& disk, const Clock& clock, Submit submit)
        : disk_(disk), clock_(clock), submit_(std::move(submit)) {}

    // How often, and how long it took in all.
    std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
    Nanos sync_time() const { return Nanos(sync_nanoseconds_.load(std::memory_order_relaxed)); }

    // What was appended to `partition` so far will be synced.
    void sync(std::shared_ptr<Partition> partition);
    // Dirty pages of `partition` begin to go out to the device.
    void write_back(std::shared_ptr<Partition> partition);

  private:
    log::Disk& disk_;
    const Clock& clock_;
    Submit submit_;
    std::atomic<std::uint64_t> syncs_ = 0;
    std::atomic<std::int64_t> sync_nanoseconds_ = 0;
};

}  // namespace milena::replica
