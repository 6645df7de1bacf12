#include "broker/replica/log_cleaner.h"

#include "log/cleaner/cleaning.h"
#include "protocol/base/logger.h"
#include "protocol/record/compress.h"

#include <algorithm>
#include <utility>

namespace milena::replica {
namespace {

// Whatever the settings say, a round gets somewhere with it.
constexpr std::uint64_t kLeastDedupeBytes = 64U << 10U;
constexpr std::uint64_t kLeastIoBytes = 4U << 10U;
constexpr std::uint64_t kMostIoBytes = 16U << 20U;
// Shorter waits are left to add up.
constexpr Nanos kShortestWait = std::chrono::milliseconds(5);
constexpr std::uint32_t kMostDoublings = 6;

}  // namespace

void LogCleaner::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
}

// On the executor. Threads are only added: those that are not wanted any more cost nothing.
void LogCleaner::match_threads() {
    const Settings settings = settings_();
    wanted_workers_ = settings.threads;
    // One at least, to notice that it is wanted.
    while (workers_.size() < std::max<std::size_t>(1, wanted_workers_)) {
        workers_.push_back(new_worker_());
        arm(workers_.size() - 1, settings.backoff);
    }
}

// On the executor. Every worker keeps one timer or job under way, also while it rests, so that it
// notices when it is wanted again.
void LogCleaner::arm(std::size_t worker, Millis delay) {
    executor_.call_at(executor_.now() + delay, [this, worker] {
        match_threads();
        if (worker >= wanted_workers_) return arm(worker, settings_().backoff);
        workers_[worker]([this, worker] {
            const Settings settings = settings_();
            const bool more = work(settings);
            executor_.post([this, worker, delay = more ? Millis{0} : settings.backoff] {
                arm(worker, delay);
            });
        });
    });
}

bool LogCleaner::work(const Settings& settings) {
    const auto partition = take_dirtiest();
    if (!partition) return false;
    const Status done = clean(*partition, settings);
    give_back(partition, done, settings.backoff);
    return true;
}

std::shared_ptr<Partition> LogCleaner::take_dirtiest() {
    const auto candidates = table_.all();
    const log::LogTime at = now();
    std::shared_ptr<Partition> dirtiest;
    double dirtiest_ratio = -1;
    for (const auto& partition : candidates) {
        if (!log::compacts(partition->settings()->log.cleanup_policy)) continue;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return nullptr;
            if (busy_.contains(partition.get())) continue;
            const auto failed = failures_.find(partition.get());
            if (failed != failures_.end() && failed->second.retry_at > at.mono) continue;
        }
        const auto range = partition->cleanable(at.wall);
        if (!range || !range->is_due(partition->settings()->log)) continue;
        if (range->dirty_ratio() <= dirtiest_ratio) continue;
        dirtiest_ratio = range->dirty_ratio();
        dirtiest = partition;
    }
    const std::lock_guard lock(mutex_);
    std::erase_if(failures_, [&](const auto& failure) {
        return std::ranges::none_of(
            candidates, [&](const auto& there) { return there.get() == failure.first; });
    });
    if (!dirtiest) return nullptr;
    // Another thread was faster: look again.
    return busy_.insert(dirtiest.get()).second ? dirtiest : nullptr;
}

Status LogCleaner::clean(Partition& partition, const Settings& settings) {
    const log::LogTime began = now();
    MILENA_ASSIGN(const auto plan, partition.plan_cleaning(began));
    if (plan.range.end <= plan.range.first_dirty) return {};
    const auto threads = std::max<std::size_t>(1, settings.threads);
    log::OffsetMap map(std::max(settings.dedupe_bytes / threads, kLeastDedupeBytes),
                       settings.load_factor, seed_);
    Codecs codecs;
    // Half for reading, half for writing.
    const log::CleaningMeans means{
        .map = map,
        .codecs = codecs,
        .io_bytes = std::clamp(settings.io_bytes / threads / 2, kLeastIoBytes, kMostIoBytes),
        .pace = [this, &settings](std::uint64_t bytes) {
            return pace(bytes, settings.bytes_per_second);
        }};
    MILENA_ASSIGN(const auto result, run_round(plan, means, [&](const log::CleanedSegment& one) {
                      return partition.swap_cleaned(one, now());
                  }));
    if (result.up_to == kNoOffset) return {};
    partition.mark_cleaned(result.up_to, plan.generation);
    log_info("log_compacted",
             {{"partition", partition.name().label()},
              {"from", plan.range.first_dirty.value()},
              {"to", result.up_to.value()},
              {"bytes_before", result.counts.bytes_read},
              {"bytes_after", result.counts.bytes_written},
              {"records_before", result.counts.records_read},
              {"records_after", result.counts.records_kept},
              {"keyless_dropped", result.counts.keyless_dropped},
              {"damaged_batches", result.counts.damaged_batches},
              {"ms", std::chrono::duration_cast<Millis>(clock_.now() - began.mono).count()}});
    return {};
}

void LogCleaner::give_back(const std::shared_ptr<Partition>& partition, const Status& result,
                           Millis backoff) {
    // One that has left this node, or a stop, is no failure.
    const bool failed = !result && partition->cleanable(clock_.wall_now()).has_value();
    const std::lock_guard lock(mutex_);
    busy_.erase(partition.get());
    if (!failed || stopping_) {
        failures_.erase(partition.get());
        return;
    }
    Failure& failure = failures_[partition.get()];
    const auto wait = backoff * (1U << std::min(failure.times, kMostDoublings));
    failure = {failure.times + 1, clock_.now() + wait};
    log_warn("compaction_failed", {{"partition", partition->name().label()},
                                   {"reason", result.error().detail},
                                   {"times", failure.times},
                                   {"retry_in_ms", wait.count()}});
}

Status LogCleaner::pace(std::uint64_t bytes, double bytes_per_second) {
    std::unique_lock lock(mutex_);
    if (!stopping_) {
        if (!(bytes_per_second > 0)) return {};
        const Nanos wait = pace_.spend(bytes, bytes_per_second, clock_.now());
        if (wait < kShortestWait) return {};
        stopped_.wait_for(lock, wait, [this] { return stopping_; });
    }
    if (!stopping_) return {};
    return fail(ErrorCode::BROKER_NOT_AVAILABLE, "the broker is stopping");
}

}  // namespace milena::replica
