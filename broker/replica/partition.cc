#include "broker/replica/partition.h"

#include "broker/replica/flusher.h"
#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::replica {
namespace {

bool take_out(std::vector<std::shared_ptr<Waiter>>& parked, const Waiter* waiter) {
    const auto found = std::find_if(parked.begin(), parked.end(),
                                    [&](const auto& one) { return one.get() == waiter; });
    if (found == parked.end()) return false;
    *found = std::move(parked.back());
    parked.pop_back();
    return true;
}

}  // namespace

Partition::Partition(PartitionName name, BrokerId self, std::unique_ptr<log::PartitionLog> log,
                     std::shared_ptr<const TopicSettings> settings, Flusher& flusher,
                     PartitionWatcher* watcher)
    : name_(std::move(name)),
      label_(name_.label()),
      flusher_(flusher),
      watcher_(watcher),
      settings_(std::move(settings)),
      log_(std::move(log)),
      machine_(self) {}

Partition::Partition(PartitionName name, BrokerId self, const DormantLog& log, LogSource& source,
                     std::shared_ptr<const TopicSettings> settings, Flusher& flusher,
                     PartitionWatcher* watcher)
    : name_(std::move(name)),
      label_(name_.label()),
      flusher_(flusher),
      source_(&source),
      watcher_(watcher),
      settings_(std::move(settings)),
      dormant_(std::make_unique<Dormant>(Dormant{.log = log})),
      machine_(self),
      directory_(log.directory) {}

std::unexpected<Error> Partition::no_longer_here() const {
    return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                label_ + " is no longer on this broker; refresh the metadata");
}

Status Partition::check_open() {
    if (source_ != nullptr && !source_->is_online(directory_)) {
        return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                    label_ + " is in a data directory that has failed; repair it and restart");
    }
    if (log_) return {};
    if (dormant_) return open_dormant();
    return no_longer_here();
}

Status Partition::open_dormant() {
    auto opened = source_->open_log(name_, dormant_->log, settings()->log);
    if (!opened) {
        if (!std::exchange(dormant_->failed, true)) {
            log_error("partition_not_opened",
                      {{"partition", label_}, {"reason", opened.error().detail}});
        }
        return note(fail(ErrorCode::KAFKA_STORAGE_ERROR, std::move(opened).error().detail));
    }
    log_ = std::move(*opened);
    const auto dormant = std::move(dormant_);
    const auto high_watermark = dormant->log.high_watermark;
    if (dormant->leadership) lead(*dormant->leadership, high_watermark, dormant->since.mono);
    if (dormant->followership) follow(*dormant->followership, high_watermark, dormant->since);
    return {};
}

void Partition::recover(std::uint64_t least_bytes) {
    const std::lock_guard lock(mutex_);
    if (!dormant_ || !dormant_->log.needs_recovery) return;
    if (least_bytes > 0 && source_->bytes_to_recover(name_, dormant_->log) < least_bytes) return;
    // What fails is told, and is tried again by the next who needs it.
    (void)check_open();
}

// Passes `status` on; a device that fails makes its directory suspect.
Status Partition::note(Status status) {
    const bool suspect = !status && status.error().code == ErrorCode::KAFKA_STORAGE_ERROR &&
                         status.error().io != IoCause::no_space &&
                         status.error().io != IoCause::too_many;
    if (suspect && source_ != nullptr) source_->on_failure(directory_);
    return status;
}

LeaderHint Partition::leader() const {
    const std::lock_guard lock(mutex_);
    if (dormant_ && dormant_->leadership) {
        return {machine_.state().self, dormant_->leadership->leader_epoch};
    }
    if (dormant_ && dormant_->followership) {
        return {dormant_->followership->leader, dormant_->followership->leader_epoch};
    }
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
    if (ready.epoch_ended) {
        for (const auto& replica : replicas_) replica->wake();
    }
    if (ready.low_watermark || ready.epoch_ended) {
        for (const auto& deleter : deleters_) deleter->wake();
    }
    if (ready.sync) want_sync(log::SyncScope::data);
    if (ready.alter_isr && watcher_ != nullptr) {
        watcher_->on_proposal(shared_from_this(), *ready.alter_isr);
    }
}

void Partition::tell_moved() {
    if (watcher_ != nullptr) watcher_->on_moved(shared_from_this());
}

void Partition::wake_everybody() {
    for (const auto& reader : readers_) reader->wake();
    for (const auto& replica : replicas_) replica->wake();
    for (const auto& deleter : deleters_) deleter->wake();
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

void Partition::park_replica(std::shared_ptr<Waiter> waiter, Offset seen) {
    const std::lock_guard lock(mutex_);
    if (!log_) {
        waiter->wake();
        return;
    }
    if (log_->log_end_offset() != seen) waiter->wake();
    replicas_.push_back(std::move(waiter));
}

void Partition::unpark_reader(const Waiter* waiter) {
    const std::lock_guard lock(mutex_);
    if (!take_out(readers_, waiter)) (void)take_out(replicas_, waiter);
}

void Partition::park_deleter(const DeleteOutcome& deleted, std::shared_ptr<Waiter> waiter) {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    const bool settled =
        !log_ || state.leader_epoch != deleted.epoch || state.low_watermark >= deleted.before;
    if (settled) waiter->wake();
    if (log_) deleters_.push_back(std::move(waiter));
}

void Partition::unpark_deleter(const Waiter* waiter) {
    const std::lock_guard lock(mutex_);
    (void)take_out(deleters_, waiter);
}

void Partition::park_producer(const AppendOutcome& outcome, std::shared_ptr<Waiter> waiter) {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    const bool settled = !log_ || log_->broken() || (lease_ended_ && outcome.ends_with_lease) ||
                         state.leader_epoch != outcome.epoch ||
                         state.acknowledged >= outcome.wait_for;
    if (settled) {
        waiter->wake();
        return;
    }
    producers_.push_back({outcome.wait_for, std::move(waiter), outcome.ends_with_lease});
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
    if (dormant_) {
        dormant_->leadership = leadership;
        dormant_->followership.reset();
        dormant_->since = {kNoTimestamp, now};
        if (leadership.replicas.size() > 1) tell_moved();
        return;
    }
    if (log_) lead(leadership, high_watermark, now);
}

void Partition::lead(const Leadership& leadership, Offset high_watermark, MonoTime now) {
    // As in follow().
    if (log_->latest_epoch().value_or(kNoLeaderEpoch) > leadership.leader_epoch) return;
    const auto before = machine_.state().leader_epoch;
    const bool followed = machine_.state().role == partition::Role::follower;
    const auto log = log_ends(high_watermark);
    take_lease(now);
    if (!leadership.brokers.empty()) {
        perform(machine_.step(partition::BrokersChanged{leadership.brokers}, now));
    }
    perform(machine_.step(
        partition::BecomeLeader{leadership.leader_epoch, leadership.partition_epoch,
                                leadership.replicas, leadership.isr, settings()->replication, log},
        now));
    if (followed) tell_moved();
    if (watcher_ != nullptr && leadership.replicas.size() > 1) watcher_->on_leading();
    if (machine_.state().leader_epoch == before) return;
    if (auto status = log_->assign_epoch_start(leadership.leader_epoch, log.log_end); !status) {
        log_error("epoch_not_stored", {{"partition", label_}, {"reason", status.error().detail}});
        log_->mark_failed(status.error());
    }
}

void Partition::update_settings(std::shared_ptr<const TopicSettings> settings, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) {
        if (dormant_) settings_.store(std::move(settings));
        return;
    }
    log_->update_settings(settings->log);
    const auto replication = settings->replication;
    settings_.store(std::move(settings));
    perform(machine_.step(partition::SettingsChanged{replication}, now));
    if (machine_.state().role == partition::Role::follower) tell_moved();
}

Partition::Marks Partition::current_marks() const {
    Marks marks{log_->recovery_point(), log_->log_start_offset(), machine_.state().high_watermark,
                std::nullopt, directory_};
    if (log::compacts(log_->settings().cleanup_policy)) marks.cleaned_to = log_->cleaned_to();
    return marks;
}

Partition::Marks Partition::marks_of(const DormantLog& found) const {
    Marks marks{found.recovery_point, found.log_start_offset, found.high_watermark, std::nullopt,
                directory_};
    if (log::compacts(settings()->log.cleanup_policy)) marks.cleaned_to = found.cleaned_to;
    return marks;
}

std::optional<Partition::Marks> Partition::marks() const {
    const std::lock_guard lock(mutex_);
    if (dormant_ && dormant_->log.exists) return marks_of(dormant_->log);
    if (!log_) return std::nullopt;
    return current_marks();
}

std::uint64_t Partition::size_bytes() {
    const std::lock_guard lock(mutex_);
    if (dormant_ && dormant_->log.exists) (void)check_open();
    return log_ ? log_->size_bytes() : 0;
}

Status Partition::upkeep(log::Disk& disk, log::LogTime now) {
    log::RemovalPlan plan;
    {
        const std::lock_guard lock(mutex_);
        // Of a failed directory everything has been said.
        if (source_ != nullptr && !source_->is_online(directory_)) return {};
        if (dormant_ && dormant_->log.exists) MILENA_TRY(check_open());
        if (!log_) return {};
        // On a full disk it may have to wait; what frees the disk may not.
        if (!std::exchange(appended_since_upkeep_, false)) (void)log_->give_back_memory();
        auto deleted = log_->delete_old_segments(machine_.state().high_watermark, now);
        if (!deleted) return std::unexpected(std::move(deleted).error());
        if (*deleted > 0) {
            perform(machine_.step(partition::LogStartMoved{log_->log_start_offset()}, now.mono));
        }
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

Result<std::optional<Partition::Marks>> Partition::close(Closing how, log::LogTime now) {
    const std::lock_guard lock(mutex_);
    auto high_watermark = machine_.state().high_watermark;
    if (const auto dormant = std::move(dormant_)) {
        // What nobody has touched is as well closed as it was; what was left badly is mended first.
        const DormantLog& found = dormant->log;
        if (how == Closing::removed || !found.exists) return std::nullopt;
        if (!found.needs_recovery) return marks_of(found);
        MILENA_ASSIGN(log_, source_->open_log(name_, found, settings()->log));
        high_watermark = std::min(found.high_watermark, log_->log_end_offset());
    }
    if (!log_) return std::nullopt;
    Marks last = current_marks();
    last.recovery_point = log_->log_end_offset();
    last.high_watermark = high_watermark;
    Status status;
    if (how == Closing::clean) status = log_->close(now);
    log_.reset();
    wake_everybody();
    // Nothing else can wake them, and they hold this partition.
    readers_.clear();
    replicas_.clear();
    deleters_.clear();
    if (machine_.state().role == partition::Role::follower) tell_moved();
    if (!status) return std::unexpected(std::move(status).error());
    return last;
}

}  // namespace milena::replica
