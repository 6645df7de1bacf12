// PartitionLog: what adds to the log.

#include "log/log_state.h"
#include "log/partition_log.h"
#include "log/producer_fold.h"
#include "log/roll.h"
#include "log/sequence_check.h"
#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::log {
namespace {

// A run of whole batches, seen once before they are written.
struct Run {
    std::uint64_t bytes = 0;
    Offset first_offset = kNoOffset;
    Offset last_offset = kNoOffset;
    TimestampMs max_timestamp = kNoTimestamp;

    void add(const BatchHead& head) {
        if (bytes == 0) first_offset = head.base_offset;
        bytes += head.size;
        last_offset = head.last_offset;
        max_timestamp = std::max(max_timestamp, head.max_timestamp);
    }
};

std::unexpected<Error> malformed(const PartitionLog::State& s, std::uint64_t at,
                                 std::string_view why) {
    return fail(ErrorCode::CORRUPT_MESSAGE, "append to " + s.place.directory + ": byte " +
                                                std::to_string(at) +
                                                " of the batches: " + std::string(why));
}

// The whole batch of magic 2 at the beginning of `bytes`.
Result<BatchHead> head_of_whole_batch(const PartitionLog::State& s, ByteView all,
                                      std::uint64_t at) {
    MILENA_ASSIGN(const auto head, parse_batch_head(all.subspan(at)));
    if (!head || head->size > all.size() - at) return malformed(s, at, "no whole batch");
    if (head->magic != batch_layout::kMagicValue) return malformed(s, at, "an old format");
    return *head;
}

Result<bool> roll_is_due(const PartitionLog::State& s, const Run& run, TimestampMs now) {
    const Segment& active = s.active();
    MILENA_ASSIGN(const TimestampMs first, active.first_batch_timestamp());
    const ActiveSegmentFacts facts{
        .base = active.base(),
        .size = active.size(),
        .first_batch_timestamp = first,
        .created = active.created(),
        .jitter = active.jitter(),
        .index_full = active.indexes_full(s.settings.segment_index_bytes)};
    return should_roll(facts, {run.bytes, run.last_offset, run.max_timestamp}, s.settings, now);
}

// After a power cut no segment is there without all that came before it.
Status sync_predecessor(PartitionLog::State& s) {
    if (!s.settings.sync_on_roll) return {};
    if (s.synced_offset < s.log_end_offset) {
        MILENA_ASSIGN(const auto file, s.active().share_log());
        if (auto synced = file->sync(); !synced) {
            synced.error().io = IoCause::broken;
            return synced;
        }
    }
    // As a rule a sync has seen to that.
    if (!s.directory_unsynced) return {};
    MILENA_TRY(s.place.disk.sync_dir(s.place.directory));
    s.directory_unsynced = false;
    return {};
}

// Seals the active segment and begins the next at `base`. An empty one at the same base, which was
// to be rolled because an offset lies too far ahead, makes way.
Status roll_to(PartitionLog::State& s, Offset base, LogTime now) {
    const bool replace = s.active().size() == 0;
    if (replace && s.active().base() == base) return {};
    if (!replace) MILENA_TRY(s.active().seal());
    // Offsets between two batches that another replica's cleaner took belong to no segment.
    s.log_end_offset = base;
    s.producers.set_end_offset(base);
    MILENA_TRY(s.snapshots.write(s.producers, s.log_start_offset));
    MILENA_TRY(sync_predecessor(s));
    MILENA_TRY(s.add_segment(base, now.wall));
    if (!replace) return {};
    const auto empty = s.segments.end() - 2;
    MILENA_TRY((*empty)->remove_files());
    s.segments.erase(empty);
    // Nothing lies between the log's start and the first batch any more.
    s.log_start_offset = std::max(s.log_start_offset, s.segments.front()->base());
    return {};
}

// Everything that follows from batches being in the log.
void take_in(PartitionLog::State& s, ByteView batches) {
    std::uint64_t at = 0;
    while (at < batches.size()) {
        const auto head = parse_batch_head(batches.subspan(at));
        MILENA_ASSERT(head && *head);
        const BatchHead& batch = **head;
        if (batch.leader_epoch >= LeaderEpoch{0} &&
            batch.leader_epoch > s.epochs.latest().value_or(kNoLeaderEpoch)) {
            s.epochs.assign(batch.leader_epoch, batch.base_offset);
        }
        const auto aborted = fold_batch(s.producers, batch, batches.subspan(at, batch.size));
        if (aborted) s.active().add_aborted(*aborted);
        s.log_end_offset = batch.last_offset + 1;
        at += batch.size;
    }
    s.bound_producers();
}

// Writes one run, which fits into a segment, in one piece.
Result<AppendInfo> append_run(PartitionLog::State& s, ByteView batches, const Run& run,
                              LogTime now) {
    AppendInfo info{.first_offset = run.first_offset,
                    .last_offset = run.last_offset,
                    .max_timestamp = run.max_timestamp,
                    .bytes = run.bytes};
    MILENA_ASSIGN(info.rolled, roll_is_due(s, run, now.wall));
    if (info.rolled) MILENA_TRY(s.note(roll_to(s, run.first_offset, now)));
    MILENA_TRY(s.note(s.active().append(batches, s.settings, now.wall)));
    take_in(s, batches);
    s.appended_bytes += run.bytes;
    return info;
}

}  // namespace

Result<std::optional<DuplicateBatch>> PartitionLog::check_producer(ByteView batch,
                                                                   AppendOrigin origin) const {
    MILENA_ASSIGN(const BatchHead head, head_of_whole_batch(*state_, batch, 0));
    if (!head.has_producer_id() || head.is_control()) return std::nullopt;
    return check_sequence(state_->producers.find(head.producer_id), producer_batch(head), origin);
}

Status PartitionLog::check_marker(const TransactionEnd& end) const {
    return log::check_marker(state_->producers.find(end.producer_id), end);
}

Result<AppendInfo> PartitionLog::append_as_leader(MutableBytes batches, LeaderEpoch leader_epoch,
                                                  LogTime now) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    if (batches.size() > s.settings.segment_bytes) {
        return fail(ErrorCode::RECORD_LIST_TOO_LARGE,
                    "append to " + s.place.directory + ": " + std::to_string(batches.size()) +
                        " bytes of batches, but segment.bytes is " +
                        std::to_string(s.settings.segment_bytes));
    }
    Run run;
    Offset next = s.log_end_offset;
    for (std::uint64_t at = 0; at < batches.size();) {
        MILENA_ASSIGN(BatchHead head, head_of_whole_batch(s, batches, at));
        const std::int64_t span = head.last_offset - head.base_offset;
        const auto batch = batches.subspan(at, head.size);
        set_base_offset(batch, next);
        set_leader_epoch(batch, leader_epoch);
        head.base_offset = next;
        head.last_offset = next + span;
        run.add(head);
        next = head.last_offset + 1;
        at += head.size;
    }
    if (run.bytes == 0) return malformed(s, 0, "nothing there");
    return append_run(s, batches, run, now);
}

Result<AppendInfo> PartitionLog::append_as_follower(ByteView batches, LogTime now,
                                                    std::optional<LeaderEpoch> epoch_limit) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    AppendInfo total;
    std::uint64_t at = 0;
    Offset next = s.log_end_offset;
    while (at < batches.size()) {
        Run run;
        bool ended = false;
        while (at + run.bytes < batches.size()) {
            MILENA_ASSIGN(const auto head, parse_batch_head(batches.subspan(at + run.bytes)));
            ended = !head || head->size > batches.size() - at - run.bytes ||
                    (epoch_limit && head->leader_epoch > *epoch_limit);
            if (ended) break;
            if (head->magic != batch_layout::kMagicValue) {
                return malformed(s, at + run.bytes, "an old format");
            }
            if (head->base_offset < next) {
                return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                            "append to " + s.place.directory + ": a batch begins at offset " +
                                std::to_string(head->base_offset.value()) +
                                ", the log is already at " + std::to_string(next.value()));
            }
            if (run.bytes > 0 && run.bytes + head->size > s.settings.segment_bytes) break;
            run.add(*head);
            next = head->last_offset + 1;
        }
        if (run.bytes == 0) break;
        MILENA_ASSIGN(const AppendInfo info,
                      append_run(s, batches.subspan(at, run.bytes), run, now));
        if (total.bytes == 0) total.first_offset = info.first_offset;
        total.last_offset = info.last_offset;
        total.max_timestamp = std::max(total.max_timestamp, info.max_timestamp);
        total.bytes += info.bytes;
        total.rolled = total.rolled || info.rolled;
        at += run.bytes;
        if (ended) break;
    }
    return total;
}

Status PartitionLog::roll(LogTime now) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    if (s.active().size() == 0) return {};
    return s.note(roll_to(s, s.log_end_offset, now));
}

}  // namespace milena::log
