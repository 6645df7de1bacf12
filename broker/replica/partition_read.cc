// Partition: reads and lookups. Nothing here changes state but delete_records.
#include "broker/replica/partition.h"
#include "replication/partition/read_replica.h"
#include "replication/partition/truncation.h"

namespace milena::replica {

Offset Partition::visible_end(partition::Reader reader) const {
    return partition::visible_end(machine_.state(), reader,
                                  log_->first_unstable_offset().value_or(kNoOffset));
}

Result<ReadOutcome> Partition::read(const ReadRequest& request) {
    return check_read(read_unchecked(request));
}

Result<ReadOutcome> Partition::check_read(Result<ReadOutcome> outcome) {
    if (!outcome || !outcome->records.unchecked) return outcome;
    // The first look at these batches since the start. Without the lock: they may have to come from
    // the device.
    MILENA_ASSIGN(const auto checked, outcome->records.unchecked->check());
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    MILENA_TRY(log_->note_checked(outcome->records, checked));
    return outcome;
}

Result<ReadOutcome> Partition::read_unchecked(const ReadRequest& request) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    const auto check = request.leader_only ? partition::check_leader : partition::check_replica;
    MILENA_TRY(check(machine_.state(), request.current_leader_epoch, label_));
    const bool leads = machine_.state().role == partition::Role::leader;
    if (request.within_lease && leads) MILENA_TRY(check_lease(request.now));
    return read_log(request);
}

Result<ReadOutcome> Partition::read_log(const ReadRequest& request) const {
    ReadOutcome outcome;
    outcome.log_end = log_->log_end_offset();
    outcome.high_watermark = machine_.state().high_watermark;
    outcome.last_stable_offset = visible_end(partition::Reader::committed);
    outcome.log_start_offset = log_->log_start_offset();
    const auto out_of_range = [&] {
        return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                    "offset " + std::to_string(request.from.value()) + " of " + label_ +
                        " is outside [" + std::to_string(outcome.log_start_offset.value()) + ", " +
                        std::to_string(log_->log_end_offset().value()) + "]");
    };
    if (request.from < outcome.log_start_offset) return out_of_range();
    // Before the upper bound: a reader beyond our end learns where its log departs from ours.
    if (request.last_fetched_epoch != kNoLeaderEpoch) {
        const auto ours = log_->epoch_end_offset(request.last_fetched_epoch);
        if (ours.leader_epoch == kNoLeaderEpoch) {
            return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                        "leader epoch " + std::to_string(request.last_fetched_epoch.value()) +
                            " is unknown to " + label_);
        }
        if (partition::find_divergence(request.from, request.last_fetched_epoch,
                                       {ours.leader_epoch, ours.end_offset})) {
            outcome.diverging = ours;
            return outcome;
        }
    }
    if (request.from > log_->log_end_offset()) return out_of_range();
    if (!request.rack.empty()) {
        outcome.preferred_replica = partition::preferred_read_replica(
            machine_.state(), request.rack, request.from, request.now);
        if (outcome.preferred_replica != kNoBroker) return outcome;
    }
    MILENA_ASSIGN(outcome.records, log_->read(request.from, request.max_bytes, request.first,
                                              visible_end(request.reader)));
    if (request.reader == partition::Reader::committed) {
        outcome.aborted.emplace();
        if (!outcome.records.empty()) {
            MILENA_ASSIGN(const auto bound, log_->upper_bound_of(outcome.records));
            MILENA_ASSIGN(outcome.aborted, log_->aborted_transactions(request.from, bound));
        }
    }
    return outcome;
}

Result<log::TimestampedOffset> Partition::find_offset(OffsetQuery query, TimestampMs timestamp,
                                                      partition::Reader reader,
                                                      LeaderEpoch current_leader_epoch,
                                                      Codecs& codecs) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    const auto& state = machine_.state();
    MILENA_TRY(partition::check_leader(state, current_leader_epoch, label_));
    const auto bound = visible_end(reader);

    std::optional<log::TimestampedOffset> found;
    switch (query) {
        case OffsetQuery::earliest:
        case OffsetQuery::earliest_local: {
            const auto start = log_->log_start_offset();
            return log::TimestampedOffset{kNoTimestamp, start,
                                          log_->epoch_at(start).value_or(kNoLeaderEpoch)};
        }
        case OffsetQuery::latest: {
            // A replica asks for the log end, which is certain.
            if (reader != partition::Reader::replica) {
                MILENA_TRY(partition::may_list_latest(state, label_));
            }
            return log::TimestampedOffset{kNoTimestamp, bound, state.leader_epoch};
        }
        // Nothing is tiered.
        case OffsetQuery::latest_tiered:
        case OffsetQuery::earliest_pending_upload:
            return log::TimestampedOffset{};
        case OffsetQuery::max_timestamp: {
            MILENA_TRY(partition::may_list_latest(state, label_));
            MILENA_ASSIGN(found, log_->offset_of_max_timestamp(codecs));
            break;
        }
        case OffsetQuery::by_timestamp: {
            MILENA_TRY(partition::may_list_latest(state, label_));
            MILENA_ASSIGN(found, log_->offset_for_timestamp(timestamp, codecs));
            break;
        }
    }
    if (!found || found->offset >= bound) return log::TimestampedOffset{};
    return *found;
}

Result<log::EpochEndOffset> Partition::epoch_end_offset(LeaderEpoch epoch,
                                                        LeaderEpoch current_leader_epoch) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    MILENA_TRY(partition::check_leader(machine_.state(), current_leader_epoch, label_));
    return log_->epoch_end_offset(epoch);
}

DeleteOutcome Partition::delete_outcome(Offset before) const {
    const auto& state = machine_.state();
    return {state.leader_epoch, before, state.low_watermark};
}

Result<DeleteOutcome> Partition::delete_records(Offset before, MonoTime now) {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    const auto& state = machine_.state();
    MILENA_TRY(partition::check_leader(state, kNoLeaderEpoch, label_));
    MILENA_TRY(check_lease(now));
    if (log_->settings().cleanup_policy == log::CleanupPolicy::compact) {
        return fail(ErrorCode::POLICY_VIOLATION,
                    label_ + " is compacted only: its records go when newer ones replace them");
    }
    const auto target = before == kNoOffset ? state.high_watermark : before;
    if (target < Offset(0) || target > state.high_watermark) {
        return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                    "cannot delete below offset " + std::to_string(target.value()) + " of " +
                        label_ + ": the high watermark is " +
                        std::to_string(state.high_watermark.value()));
    }
    MILENA_TRY(log_->advance_log_start_offset(target));
    perform(machine_.step(partition::LogStartMoved{log_->log_start_offset()}, now));
    // They tell the others where the log begins.
    for (const auto& replica : replicas_) replica->wake();
    return delete_outcome(target);
}

Result<DeleteOutcome> Partition::look_again(const DeleteOutcome& deleted) const {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    if (!log_) return no_longer_here();
    if (state.leader_epoch != deleted.epoch || state.role != partition::Role::leader) {
        return fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                    label_ + " got another leader before all its replicas had deleted");
    }
    return delete_outcome(deleted.before);
}

}  // namespace milena::replica
