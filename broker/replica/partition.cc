#include "broker/replica/partition.h"

#include "broker/replica/flusher.h"
#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::replica {

Partition::Partition(PartitionName name, BrokerId self, std::unique_ptr<log::PartitionLog> log,
                     std::shared_ptr<const TopicSettings> settings, Flusher& flusher)
    : name_(std::move(name)),
      label_(name_.label()),
      flusher_(flusher),
      settings_(std::move(settings)),
      log_(std::move(log)),
      machine_(self) {}

Status Partition::check_open() const {
    if (log_) return {};
    return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                label_ + " is no longer on this broker; refresh the metadata");
}

LeaderHint Partition::leader() const {
    const std::lock_guard lock(mutex_);
    return {machine_.state().leader, machine_.state().leader_epoch};
}

void Partition::perform(const partition::Ready& ready) {
    if (ready.acknowledged || ready.epoch_ended) {
        const auto acknowledged = machine_.state().acknowledged;
        std::erase_if(producers_, [&](const ParkedProducer& parked) {
            if (!ready.epoch_ended && parked.wait_for > acknowledged) return false;
            parked.waiter->wake();
            return true;
        });
    }
    if (ready.high_watermark) log_->on_high_watermark(*ready.high_watermark);
    if (ready.high_watermark || ready.epoch_ended) {
        for (const auto& reader : readers_) reader->wake();
    }
    if (ready.sync) want_sync(log::SyncScope::data);
}

void Partition::wake_everybody() {
    for (const auto& reader : readers_) reader->wake();
    for (const auto& parked : producers_) parked.waiter->wake();
    producers_.clear();
}

void Partition::park_reader(std::shared_ptr<Waiter> waiter, Offset seen) {
    const std::lock_guard lock(mutex_);
    // A partition that has gone wakes nobody any more: have it look at once.
    if (!log_) {
        waiter->wake();
        return;
    }
    if (machine_.state().high_watermark != seen) waiter->wake();
    readers_.push_back(std::move(waiter));
}

void Partition::unpark_reader(const Waiter* waiter) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(readers_.begin(), readers_.end(),
                                    [&](const auto& parked) { return parked.get() == waiter; });
    if (found == readers_.end()) return;
    *found = std::move(readers_.back());
    readers_.pop_back();
}

void Partition::park_producer(const AppendOutcome& outcome, std::shared_ptr<Waiter> waiter) {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    const bool settled = !log_ || log_->broken() || state.leader_epoch != outcome.epoch ||
                         state.acknowledged >= outcome.wait_for;
    if (settled) {
        waiter->wake();
        return;
    }
    producers_.push_back({outcome.wait_for, std::move(waiter)});
}

partition::LogEnds Partition::log_ends(Offset high_watermark) const {
    return {.log_start = log_->log_start_offset(),
            .log_end = log_->log_end_offset(),
            .synced_end = log_->synced_offset(),
            .high_watermark = high_watermark,
            .last_epoch = log_->latest_epoch().value_or(kNoLeaderEpoch)};
}

void Partition::become_leader(const Leadership& leadership, Offset high_watermark, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) return;
    const auto before = machine_.state().leader_epoch;
    const auto log = log_ends(high_watermark);
    perform(machine_.step(
        partition::BecomeLeader{leadership.leader_epoch, leadership.partition_epoch,
                                leadership.replicas, leadership.isr, settings()->replication, log},
        now));
    if (machine_.state().leader_epoch == before) return;
    if (auto status = log_->assign_epoch_start(leadership.leader_epoch, log.log_end); !status) {
        log_error("epoch_not_stored", {{"partition", label_}, {"reason", status.error().detail}});
        log_->mark_failed(status.error());
    }
}

void Partition::stop_leading(LeaderEpoch leader_epoch, PartitionEpoch partition_epoch,
                             BrokerId leader, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) return;
    perform(machine_.step(partition::BecomeFollower{leader_epoch, partition_epoch, leader,
                                                    settings()->replication, log_ends(Offset(0))},
                          now));
}

void Partition::update_settings(std::shared_ptr<const TopicSettings> settings, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) return;
    log_->update_settings(settings->log);
    const auto replication = settings->replication;
    settings_.store(std::move(settings));
    perform(machine_.step(partition::SettingsChanged{replication}, now));
}

Partition::Marks Partition::current_marks() const {
    Marks marks{log_->recovery_point(), log_->log_start_offset(), machine_.state().high_watermark,
                std::nullopt};
    if (log::compacts(log_->settings().cleanup_policy)) marks.cleaned_to = log_->cleaned_to();
    return marks;
}

Partition::Marks Partition::marks() const {
    const std::lock_guard lock(mutex_);
    return log_ ? current_marks() : Marks{};
}

std::uint64_t Partition::size_bytes() const {
    const std::lock_guard lock(mutex_);
    return log_ ? log_->size_bytes() : 0;
}

Status Partition::upkeep(log::Disk& disk, log::LogTime now) {
    log::RemovalPlan plan;
    {
        const std::lock_guard lock(mutex_);
        if (!log_) return {};
        auto deleted = log_->delete_old_segments(machine_.state().high_watermark, now);
        if (!deleted) return std::unexpected(std::move(deleted).error());
        plan = log_->take_deleted(now.mono);
    }
    auto removed = plan.run(disk);
    if (removed) return {};
    const std::lock_guard lock(mutex_);
    if (log_) log_->put_back(std::move(plan), now.mono);
    return removed;
}

void Partition::expire_producers(TimestampMs now) {
    const std::lock_guard lock(mutex_);
    if (log_) log_->expire_producers(now);
}

Result<Partition::Marks> Partition::close(Closing how, log::LogTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) return Marks{};
    Marks last = current_marks();
    last.recovery_point = log_->log_end_offset();
    Status status;
    if (how == Closing::clean) status = log_->close(now);
    log_.reset();
    wake_everybody();
    // Nothing else can wake them, and they hold this partition.
    readers_.clear();
    if (!status) return std::unexpected(std::move(status).error());
    return last;
}

}  // namespace milena::replica
