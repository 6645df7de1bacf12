// PartitionLog: what reaches the device, and when that is known.

#include "log/layout.h"
#include "log/log_state.h"
#include "log/partition_log.h"
#include "log/partition_metadata.h"

#include <algorithm>

namespace milena::log {

Status SyncPlan::run(Disk& disk) const {
    for (const auto& file : files) {
        auto synced = file->sync();
        if (synced) continue;
        synced.error().io = IoCause::broken;
        return synced;
    }
    if (epochs) MILENA_TRY(replace_file(disk, epochs->path, as_bytes(epochs->content)));
    if (!parent.empty()) MILENA_TRY(settle_partition_metadata(disk, directory));
    if (!directory.empty()) MILENA_TRY(disk.sync_dir(directory));
    if (!parent.empty()) MILENA_TRY(disk.sync_dir(parent));
    return {};
}

Offset PartitionLog::synced_offset() const {
    return state_->synced_offset;
}
Offset PartitionLog::recovery_point() const {
    return state_->recovery_point;
}

std::uint64_t PartitionLog::unsecured_bytes() const {
    return state_->appended_bytes - state_->secured_bytes;
}

Result<SyncPlan> PartitionLog::take_unsynced(SyncScope scope) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    const bool everything = scope == SyncScope::everything;
    SyncPlan plan;
    plan.scope = scope;
    plan.up_to = s.log_end_offset;
    plan.active_base = s.active().base();
    plan.generation = s.generation;
    plan.appended_bytes = s.appended_bytes;
    for (std::size_t i = s.floor_segment(s.synced_offset); i < s.segments.size(); ++i) {
        if (s.end_of(i) <= s.synced_offset) continue;
        MILENA_ASSIGN(plan.files.emplace_back(), s.segments[i]->share_log());
    }
    if (everything) {
        // Those of the active segment too: recovery goes on from the recovery point, and trusts
        // what they say of the batches below it.
        for (std::size_t i = 0; i < s.segments.size(); ++i) {
            Segment& segment = *s.segments[i];
            if (segment.indexes_synced()) continue;
            MILENA_TRY(s.note(segment.flush_indexes()));
            MILENA_TRY(s.note(segment.collect_index_files(plan.files)));
        }
        MILENA_TRY(s.note(s.snapshots.collect_unsynced(plan.files)));
        if (s.epochs.version() != s.epochs_on_disk) {
            plan.epochs = SyncPlan::Replacement{
                join_path(s.place.directory, kLeaderEpochCheckpoint),
                epoch_checkpoint_text(s.epochs.entries()), s.epochs.version()};
        }
    }
    // Nothing counts as durable before it is known for certain whose it is.
    if (s.newborn) plan.parent = parent_path(s.place.directory);
    if (s.newborn || s.directory_unsynced || (everything && !plan.files.empty())) {
        plan.directory = s.place.directory;
    }
    return plan;
}

void PartitionLog::mark_synced(const SyncPlan& plan) {
    State& s = *state_;
    if (plan.generation != s.generation || s.broken) return;
    s.synced_offset = std::max(s.synced_offset, plan.up_to);
    if (!plan.parent.empty()) s.newborn = false;
    if (!plan.directory.empty() && plan.active_base == s.active().base()) {
        s.directory_unsynced = false;
    }
    if (plan.scope == SyncScope::data) return;
    s.recovery_point = std::max(s.recovery_point, plan.up_to);
    s.secured_bytes = std::max(s.secured_bytes, plan.appended_bytes);
    s.snapshots.mark_synced_up_to(plan.up_to);
    if (plan.epochs) s.epochs_on_disk = plan.epochs->version;
    for (std::size_t i = 0; i < s.segments.size(); ++i) {
        if (s.end_of(i) <= plan.active_base) s.segments[i]->set_indexes_synced();
    }
}

void PartitionLog::mark_failed(const Error& error) {
    static_cast<void>(state_->note(std::unexpected(error)));
}

Status PartitionLog::sync(SyncScope scope) {
    MILENA_ASSIGN(const SyncPlan plan, take_unsynced(scope));
    if (plan.empty()) return {};
    auto done = plan.run(state_->place.disk);
    if (!done) {
        mark_failed(done.error());
        return done;
    }
    mark_synced(plan);
    return {};
}

Result<WritebackPlan> PartitionLog::take_writeback(std::uint64_t min_bytes) {
    State& s = *state_;
    const std::uint64_t size = s.active().size();
    if (size < s.written_back + min_bytes) return WritebackPlan{};
    WritebackPlan plan{nullptr, s.written_back, size - s.written_back};
    MILENA_ASSIGN(plan.file, s.active().share_log());
    s.written_back = size;
    return plan;
}

}  // namespace milena::log
