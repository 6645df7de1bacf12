#include "broker/replica/upkeep.h"

#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::replica {
namespace {

// What recovery reads in a few hundredths of a second.
constexpr std::uint64_t kMuchToRecover = 32 << 20;
// Of those that have so much, one in so many gets its syncs in one round: whoever waits for a
// record should not find the device busy with the indexes of all partitions.
constexpr std::size_t kSecureOneIn = 4;
constexpr int kRoundsOfCheckpoint = 5;

}  // namespace

Upkeep::Upkeep(net::Executor& executor, Flusher::Submit submit, const Clock& clock, log::Disk& disk,
               LogStore& store, PartitionTable& table, Intervals intervals)
    : executor_(executor),
      submit_(std::move(submit)),
      clock_(clock),
      disk_(disk),
      store_(store),
      table_(table) {
    chores_.push_back({std::move(intervals.retention), [this] { apply_retention(); }});
    chores_.push_back({std::move(intervals.checkpoint), [this] { write_checkpoints(); }});
    chores_.push_back({std::move(intervals.producers), [this] { expire_producers(); }});
    chores_.push_back(
        {[every = intervals.secure] { return every; }, [this] { move_recovery_points(); }});
    chores_.push_back({[every = intervals.look] { return every; }, [this] { store_.step(); }});
}

// Logs that grow fast should not have to wait for the next checkpoint: after a crash everything
// above it is read. The points move when the syncs are done, so they are written rounds later.
void Upkeep::move_recovery_points() {
    if (rounds_secured_ > 0 && ++rounds_secured_ > kRoundsOfCheckpoint) {
        rounds_secured_ = 0;
        write_checkpoints();
    }
    using Behind = std::pair<std::uint64_t, std::shared_ptr<Partition>>;
    std::vector<Behind> behind;
    for (auto& partition : table_.all()) {
        const std::uint64_t bytes = partition->unsecured_bytes();
        if (bytes >= kMuchToRecover) behind.emplace_back(bytes, std::move(partition));
    }
    if (behind.empty()) return;
    const std::size_t now = (behind.size() + kSecureOneIn - 1) / kSecureOneIn;
    const auto end = behind.begin() + static_cast<std::ptrdiff_t>(now);
    std::ranges::partial_sort(behind, end, std::greater{}, &Behind::first);
    std::for_each(behind.begin(), end, [](const Behind& each) { each.second->secure(); });
    rounds_secured_ = std::max(rounds_secured_, 1);
}

void Upkeep::start() {
    for (auto& chore : chores_) arm(chore);
}

void Upkeep::stop() {
    stopped_ = true;
    for (auto& chore : chores_) {
        if (chore.timer != net::Executor::kNoTimer) executor_.cancel(chore.timer);
        chore.timer = net::Executor::kNoTimer;
    }
}

void Upkeep::arm(Chore& chore) {
    if (stopped_) return;
    chore.timer = executor_.call_at(executor_.now() + chore.interval(), [this, &chore] {
        chore.timer = net::Executor::kNoTimer;
        submit_([this, &chore] {
            chore.work();
            executor_.post([this, &chore] { arm(chore); });
        });
    });
}

void Upkeep::apply_retention() {
    for (const auto& partition : table_.all()) {
        if (auto status = partition->upkeep(disk_, now()); !status) {
            log_warn("retention_failed",
                     {{"partition", partition->name().label()}, {"reason", status.error().detail}});
        }
    }
}

void Upkeep::expire_producers() {
    for (const auto& partition : table_.all()) partition->expire_producers(clock_.wall_now());
}

void Upkeep::write_checkpoints() {
    if (auto status = store_.checkpoint(table_.all()); !status) {
        log_warn("checkpoint_failed", {{"reason", status.error().detail}});
    }
}

}  // namespace milena::replica
