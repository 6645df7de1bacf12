// Partition: appends, and what makes them durable.
#include "broker/replica/flusher.h"
#include "broker/replica/partition.h"
#include "protocol/base/logger.h"

namespace milena::replica {
namespace {

// Dirty bytes of one partition after which write-back begins: small enough that the kernel never
// has a backlog to stall an append on, large enough for the device.
constexpr std::uint64_t kWriteBackBytes = 4 << 20;

}  // namespace

Result<LeaderEpoch> Partition::may_append(Acks acks, LeaderEpoch expected) {
    MILENA_TRY(check_open());
    const auto& state = machine_.state();
    MILENA_ASSIGN(const auto epoch,
                  partition::may_produce(state, static_cast<std::int16_t>(acks), label_));
    if (expected != kNoLeaderEpoch && epoch != expected) {
        return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                    label_ + " is led in epoch " + std::to_string(epoch.value()) +
                        "; what was decided in epoch " + std::to_string(expected.value()) +
                        " is not written any more");
    }
    return epoch;
}

Result<Offset> Partition::check_append(LeaderEpoch expected) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(may_append(Acks::all, expected));
    if (log_->broken()) return std::unexpected(*log_->broken());
    return log_->log_end_offset();
}

Result<AppendOutcome> Partition::append(MutableBytes batch, Acks acks, log::AppendOrigin origin,
                                        log::LogTime now, Verification verification,
                                        LeaderEpoch expected) {
    const std::lock_guard lock(mutex_);
    MILENA_ASSIGN(const auto epoch, may_append(acks, expected));
    if (origin == log::AppendOrigin::client) MILENA_TRY(check_lease(now.mono));
    MILENA_ASSIGN(const auto duplicate, log_->check_producer(batch, origin));
    // What keeps the cluster going may use the reserve.
    const bool must_fit = !duplicate && origin == log::AppendOrigin::client;
    if (must_fit) MILENA_TRY(check_room(batch.size()));

    AppendOutcome outcome;
    Offset last;
    if (duplicate) {
        outcome = outcome_of(*duplicate, epoch);
        last = duplicate->last_offset;
    } else {
        const BatchView view(batch);
        if (view.is_transactional()) MILENA_TRY(check_transaction(view, origin, verification));
        const auto records = view.last_offset_delta();
        MILENA_ASSIGN(outcome, append_new(batch, epoch, now));
        last = outcome.base_offset + records;
    }
    outcome.ends_with_lease = origin == log::AppendOrigin::client;
    if (acks == Acks::all) wait_for_acknowledgement(outcome, last);
    return outcome;
}

Result<AppendOutcome> Partition::append_new(MutableBytes batch, LeaderEpoch epoch,
                                            log::LogTime now) {
    auto appended = log_->append_as_leader(batch, epoch, now);
    if (!appended) return std::unexpected(note(std::unexpected(appended.error())).error());
    const auto info = *appended;
    appended_since_upkeep_ = true;
    perform(machine_.step(partition::Appended{info.last_offset + 1}, now.mono));
    for (const auto& replica : replicas_) replica->wake();
    const bool durable = machine_.state().settings.durability == partition::Durability::disk;
    if (info.rolled) {
        want_sync(log::SyncScope::everything);
    } else if (durable) {
        want_sync(log::SyncScope::data);
    }
    if (!durable) want_write_back(info.bytes);
    AppendOutcome outcome;
    outcome.epoch = epoch;
    outcome.base_offset = info.first_offset;
    outcome.log_start_offset = log_->log_start_offset();
    return outcome;
}

AppendOutcome Partition::outcome_of(const log::DuplicateBatch& duplicate, LeaderEpoch epoch) const {
    AppendOutcome outcome;
    outcome.epoch = epoch;
    outcome.base_offset = duplicate.first_offset;
    outcome.duplicate_timestamp = duplicate.timestamp;
    outcome.log_start_offset = log_->log_start_offset();
    return outcome;
}

Status Partition::check_room(std::uint64_t bytes) {
    if (source_ == nullptr || source_->take_room(directory_, bytes)) return {};
    return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                label_ +
                    " takes no records while the disk is nearly full; free space, or lower "
                    "the retention");
}

// A duplicate waits like its original: its first reply may never have left.
void Partition::wait_for_acknowledgement(AppendOutcome& outcome, Offset last) {
    if (machine_.state().acknowledged > last) return;
    outcome.wait_for = last + 1;
    // What recovery found after a crash was never synced, and nothing else may be appended.
    if (outcome.duplicate_timestamp) want_sync(log::SyncScope::data);
}

Result<bool> Partition::is_acknowledged(const AppendOutcome& outcome) const {
    const std::lock_guard lock(mutex_);
    if (!log_) return no_longer_here();
    const auto& state = machine_.state();
    if (state.leader_epoch != outcome.epoch || state.role != partition::Role::leader) {
        return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                    label_ + " got another leader before the records were committed");
    }
    if (state.acknowledged >= outcome.wait_for) {
        MILENA_TRY(partition::check_acknowledged(state, label_));
        return true;
    }
    if (log_->broken()) return std::unexpected(*log_->broken());
    if (lease_ended_ && outcome.ends_with_lease) {
        return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                    label_ + " may have another leader by now; what was written may be lost");
    }
    return false;
}

void Partition::want_sync(log::SyncScope scope) {
    if (scope == log::SyncScope::everything) sync_scope_ = scope;
    if (sync_ != SyncState::idle) {
        sync_ = SyncState::under_way_and_wanted;
        return;
    }
    sync_ = SyncState::under_way;
    flusher_.sync(shared_from_this());
}

std::uint64_t Partition::unsecured_bytes() const {
    const std::lock_guard lock(mutex_);
    return log_ && !log_->broken() ? log_->unsecured_bytes() : 0;
}

void Partition::secure() {
    const std::lock_guard lock(mutex_);
    if (log_ && !log_->broken()) want_sync(log::SyncScope::everything);
}

void Partition::want_write_back(std::uint64_t appended) {
    not_written_back_ += appended;
    if (write_back_under_way_ || not_written_back_ < kWriteBackBytes) return;
    write_back_under_way_ = true;
    flusher_.write_back(shared_from_this());
}

void Partition::write_back_now() {
    log::WritebackPlan plan;
    {
        const std::lock_guard lock(mutex_);
        not_written_back_ = 0;
        if (!log_) return;
        if (auto taken = log_->take_writeback(1)) plan = std::move(*taken);
    }
    // A hint: a device that fails will say so at the next sync.
    (void)plan.run();
    const std::lock_guard lock(mutex_);
    write_back_under_way_ = false;
}

void Partition::sync_now(log::Disk& disk, MonoTime now) {
    log::SyncPlan plan;
    Status status;
    {
        const std::lock_guard lock(mutex_);
        if (!log_) return;
        // From here on an append is not covered by this sync.
        sync_ = SyncState::under_way;
        auto taken = log_->take_unsynced(std::exchange(sync_scope_, log::SyncScope::data));
        if (taken) {
            plan = std::move(*taken);
        } else {
            status = std::unexpected(std::move(taken).error());
        }
    }
    if (status) status = plan.run(disk);

    const std::lock_guard lock(mutex_);
    const bool again = sync_ == SyncState::under_way_and_wanted;
    sync_ = SyncState::idle;
    if (!log_) return;
    if (!status) {
        log_->mark_failed(status.error());
        if (!log_->broken()) {
            // A checkpoint found no room. It can wait, the records should not.
            if (plan.scope == log::SyncScope::everything) want_sync(log::SyncScope::data);
            return;
        }
        // What the kernel failed to write may be gone whatever a retry says: no more appends here.
        fail_log(status.error());
        return;
    }
    log_->mark_synced(plan);
    perform(machine_.step(partition::Synced{log_->synced_offset()}, now));
    if (machine_.state().role == partition::Role::follower) tell_moved();
    if (again) want_sync(sync_scope_);
}

void Partition::fail_log(const Error& error) {
    log_error("partition_offline", {{"partition", label_},
                                    {"reason", error.detail},
                                    {"remedy", "repair the disk, then restart the broker"}});
    log_->mark_failed(error);
    (void)note(std::unexpected(error));
    wake_everybody();
    if (machine_.state().role == partition::Role::follower) tell_moved();
}

}  // namespace milena::replica
