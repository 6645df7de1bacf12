// PartitionLog: what takes away, from either end.

#include "log/log_state.h"
#include "log/partition_log.h"
#include "log/producer_fold.h"
#include "log/retention.h"
#include "protocol/base/logger.h"

#include <algorithm>

namespace milena::log {
namespace {

// Producers as of `end`, the log's new end: from the newest snapshot that is left and the batches
// after it.
Status reload_producers(PartitionLog::State& s, Offset end, TimestampMs now) {
    MILENA_TRY(s.snapshots.remove_above(end));
    MILENA_ASSIGN(const bool loaded,
                  s.snapshots.load(end, now, s.settings.producer_id_expiration_ms, s.producers));
    if (!loaded) s.producers.set_end_offset(s.segments.front()->base());
    for (std::size_t i = s.floor_segment(s.producers.end_offset()); i < s.segments.size(); ++i) {
        MILENA_TRY(replay_producers(*s.segments[i], s.producers, end));
    }
    s.producers.set_end_offset(end);
    return {};
}

// After a cut at the end: nothing that was said about the removed part holds any more.
void lower_marks(PartitionLog::State& s, Offset end) {
    ++s.generation;
    s.log_end_offset = end;
    s.log_start_offset = std::min(s.log_start_offset, end);
    s.synced_offset = std::min(s.synced_offset, end);
    s.recovery_point = std::min(s.recovery_point, end);
    s.cleaned_to = std::min(s.cleaned_to, end);
    s.written_back = std::min(s.written_back, s.active().size());
}

// The cut itself is durable before anything else is appended: replicas go by it.
Status sync_cut(PartitionLog::State& s) {
    MILENA_ASSIGN(const auto file, s.active().share_log());
    MILENA_TRY(file->sync());
    MILENA_TRY(replace_file(s.place.disk, join_path(s.place.directory, kLeaderEpochCheckpoint),
                            as_bytes(epoch_checkpoint_text(s.epochs.entries()))));
    s.epochs_on_disk = s.epochs.version();
    // replace_file synced the directory, and with it the segment made or removed here.
    s.directory_unsynced = false;
    return {};
}

// From the last one on, each durably: a crash must not bring back one without those before it.
Status doom_behind(PartitionLog::State& s, std::size_t kept, LogTime now) {
    while (s.segments.size() > kept + 1) {
        MILENA_TRY(s.doom(s.segments.size() - 1, now.mono));
        MILENA_TRY(s.place.disk.sync_dir(s.place.directory));
    }
    return {};
}

Status start_anew(PartitionLog::State& s, Offset offset, LogTime now) {
    // The first goes last: a log is never without a segment.
    MILENA_TRY(doom_behind(s, 0, now));
    MILENA_TRY(s.segments.front()->mark_deleted());
    MILENA_TRY(s.place.disk.sync_dir(s.place.directory));
    MILENA_TRY(s.add_segment(offset, now.wall));
    MILENA_TRY(s.doom(0, now.mono));
    MILENA_TRY(s.snapshots.remove_above(kNoOffset));
    s.producers.clear();
    s.producers.set_end_offset(offset);
    s.epochs.clear();
    s.log_start_offset = offset;
    lower_marks(s, offset);
    s.synced_offset = s.recovery_point = s.cleaned_to = offset;
    return sync_cut(s);
}

Status cut_end(PartitionLog::State& s, Offset offset, LogTime now) {
    MILENA_TRY(doom_behind(s, s.floor_segment(offset), now));
    MILENA_ASSIGN(const Offset end, s.active().truncate_to(offset, now.wall));
    s.epochs.truncate_from_end(end);
    lower_marks(s, end);
    MILENA_TRY(reload_producers(s, end, now.wall));
    return sync_cut(s);
}

Result<std::vector<SegmentFacts>> gather_facts(const PartitionLog::State& s) {
    std::vector<SegmentFacts> facts;
    facts.reserve(s.segments.size());
    for (std::size_t i = 0; i < s.segments.size(); ++i) {
        MILENA_ASSIGN(const TimestampMs largest, s.segments[i]->largest_timestamp());
        facts.push_back({s.end_of(i), s.segments[i]->size(), largest});
    }
    return facts;
}

}  // namespace

Status PartitionLog::truncate_to(Offset offset, LogTime now) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    if (offset < Offset{0}) {
        return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                    "cannot cut " + s.place.directory + " at " + std::to_string(offset.value()));
    }
    if (offset >= s.log_end_offset) {
        // No record goes, but epochs in which nothing was written yet do (KAFKA-10706). Recovery
        // would drop them, too, so no file has to say so now.
        s.epochs.truncate_from_end(offset);
        return {};
    }
    log_info("log_truncated", {{"directory", s.place.directory},
                               {"from", s.log_end_offset.value()},
                               {"to", offset.value()}});
    if (offset < s.segments.front()->base()) return s.note_cut(start_anew(s, offset, now));
    return s.note_cut(cut_end(s, offset, now));
}

Status PartitionLog::truncate_fully_and_start_at(Offset offset, LogTime now) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    log_info("log_restarted",
             {{"directory", s.place.directory}, {"log_start_offset", offset.value()}});
    return s.note_cut(start_anew(s, offset, now));
}

Status PartitionLog::advance_log_start_offset(Offset offset) {
    State& s = *state_;
    if (offset <= s.log_start_offset) return {};
    if (offset > s.log_end_offset) {
        return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                    "log start " + std::to_string(offset.value()) + " is beyond the end of " +
                        s.place.directory + ", " + std::to_string(s.log_end_offset.value()));
    }
    s.log_start_offset = offset;
    s.synced_offset = std::max(s.synced_offset, offset);
    s.recovery_point = std::max(s.recovery_point, offset);
    s.epochs.truncate_from_start(offset);
    return {};
}

Result<std::size_t> PartitionLog::delete_old_segments(Offset high_watermark, LogTime now) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    MILENA_TRY(repair_indexes());
    MILENA_ASSIGN(const auto facts, gather_facts(s));
    const std::size_t count =
        count_deletable(facts, s.settings, s.log_start_offset, high_watermark, now.wall);
    if (count == 0) return 0;
    if (count == s.segments.size()) MILENA_TRY(roll(now));
    log_info("segments_deleted", {{"directory", s.place.directory},
                                  {"count", count},
                                  {"log_start_offset", s.segments[count]->base().value()}});
    MILENA_TRY(advance_log_start_offset(s.segments[count]->base()));
    for (std::size_t i = 0; i < count; ++i) MILENA_TRY(s.note(s.doom(0, now.mono)));
    auto snapshots = s.snapshots.mark_deleted_below(s.segments.front()->base());
    if (!snapshots) {
        return std::unexpected(s.note(std::unexpected(std::move(snapshots).error())).error());
    }
    auto& last = s.doomed.back().paths;
    last.insert(last.end(), snapshots->begin(), snapshots->end());
    return count;
}

RemovalPlan PartitionLog::take_deleted(MonoTime now) {
    State& s = *state_;
    RemovalPlan plan;
    while (!s.doomed.empty() && now - s.doomed.front().since >= s.settings.file_delete_delay_ms) {
        auto& paths = s.doomed.front().paths;
        plan.paths.insert(plan.paths.end(), std::make_move_iterator(paths.begin()),
                          std::make_move_iterator(paths.end()));
        s.doomed.erase(s.doomed.begin());
    }
    return plan;
}

void PartitionLog::put_back(RemovalPlan plan, MonoTime now) {
    if (!plan.paths.empty()) state_->doomed.push_back({now, std::move(plan.paths)});
}

Status PartitionLog::remove_deleted_files(MonoTime now) {
    RemovalPlan plan = take_deleted(now);
    auto removed = plan.run(state_->place.disk);
    put_back(std::move(plan), now);
    return removed;
}

Status RemovalPlan::run(Disk& disk) {
    while (!paths.empty()) {
        auto removed = disk.remove(paths.back());
        if (!removed && removed.error().io != IoCause::not_found) return removed;
        paths.pop_back();
    }
    return {};
}

}  // namespace milena::log
