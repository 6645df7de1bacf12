// Partition: as a follower. Its log changes only as its machine says, and the machine hears of
// every change before anything else happens.
#include "broker/replica/flusher.h"
#include "broker/replica/partition.h"
#include "protocol/base/logger.h"

namespace milena::replica {

void Partition::become_follower(const Followership& followership, Offset high_watermark,
                                log::LogTime now) {
    const std::lock_guard lock(mutex_);
    if (dormant_) {
        dormant_->leadership.reset();
        dormant_->followership = followership;
        dormant_->since = now;
        tell_moved();
        return;
    }
    if (log_) follow(followership, high_watermark, now);
}

void Partition::follow(const Followership& followership, Offset high_watermark, log::LogTime now) {
    // A node that starts goes through what it missed. In a leader epoch that is over for this very
    // log it takes no role: it would cut, as a copy of a leader of the past, what was acknowledged
    // since.
    if (log_->latest_epoch().value_or(kNoLeaderEpoch) > followership.leader_epoch) return;
    perform_as_follower(
        machine_.step(partition::BecomeFollower{followership.leader_epoch,
                                                followership.partition_epoch, followership.leader,
                                                settings()->replication, log_ends(high_watermark)},
                      now.mono),
        {}, now);
    tell_moved();
}

bool Partition::needs_opening() const {
    const std::lock_guard lock(mutex_);
    if (!dormant_) return false;
    if (dormant_->leadership) return dormant_->leadership->replicas.size() > 1;
    return dormant_->followership && dormant_->followership->leader != kNoBroker;
}

void Partition::open() {
    const std::lock_guard lock(mutex_);
    // What fails is told, and tried again when the metadata or a request gives reason to.
    if (dormant_) (void)check_open();
}

std::optional<FollowedPartition> Partition::following() const {
    const std::lock_guard lock(mutex_);
    const auto& state = machine_.state();
    if (!log_ || state.role != partition::Role::follower) return std::nullopt;
    return FollowedPartition{
        .leader = state.leader,
        .leader_epoch = state.leader_epoch,
        .position = machine_.fetch_position(),
        .log_failed = log_->broken().has_value(),
        .throttled = settings()->throttled_fetchers.contains(name_.index, state.self)};
}

bool Partition::take_fetched(const FetchedData& fetched, log::LogTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) return true;
    partition::FetchReply reply;
    reply.leader_epoch = fetched.asked.leader_epoch;
    reply.offset = fetched.asked.offset;
    reply.has_records = !fetched.records.empty();
    reply.high_watermark = fetched.high_watermark;
    reply.log_start = fetched.log_start;
    reply.diverging = fetched.diverging;
    if (reply.diverging) reply.ours = epoch_end(reply.diverging->epoch);
    const auto before = log_->log_end_offset();
    auto ready = machine_.step(reply, now.mono);
    const bool to_append = ready.append_limit.has_value();
    perform_as_follower(std::move(ready), fetched.records, now);
    // Whoever gave this to another thread hears of its end, also when there was nothing to cut.
    if (fetched.diverging) tell_moved();
    return !to_append || log_->log_end_offset() > before;
}

void Partition::take_leader_ends(LeaderEpoch epoch, Offset start, Offset end, log::LogTime now) {
    const std::lock_guard lock(mutex_);
    if (!log_) return;
    perform_as_follower(machine_.step(partition::OutOfRange{epoch, start, end}, now.mono), {}, now);
    tell_moved();
}

void Partition::perform_as_follower(partition::Ready ready, ByteView fetched, log::LogTime now) {
    while (ready.truncate_to || ready.start_at || ready.append_limit) {
        auto changed = change_log(ready, fetched, now);
        perform(ready);
        if (!changed) {
            fail_log(changed.error());
            return;
        }
        ready = machine_.step(*changed, now.mono);
    }
    if (ready.log_start) {
        if (auto moved = log_->advance_log_start_offset(*ready.log_start); !moved) {
            log_warn("log_start_not_moved",
                     {{"partition", label_}, {"reason", moved.error().detail}});
        }
    }
    perform(ready);
}

// What the machine is to hear of the change.
Result<partition::Input> Partition::change_log(const partition::Ready& ready, ByteView fetched,
                                               log::LogTime now) {
    if (ready.append_limit) return append_fetched(fetched, *ready.append_limit, now);
    if (ready.start_at) {
        MILENA_TRY(log_->truncate_fully_and_start_at(*ready.start_at, now));
    } else {
        MILENA_TRY(log_->truncate_to(*ready.truncate_to, now));
    }
    tell_moved();
    return partition::Truncated{log_->log_start_offset(), log_->log_end_offset(),
                                log_->latest_epoch().value_or(kNoLeaderEpoch)};
}

partition::Input Partition::append_fetched(ByteView fetched, LeaderEpoch limit, log::LogTime now) {
    const auto info = log_->append_as_follower(fetched, now, limit);
    if (!info) {
        (void)note(std::unexpected(info.error()));
        log_warn("fetched_not_appended", {{"partition", label_}, {"reason", info.error().detail}});
    } else if (info->rolled) {
        want_sync(log::SyncScope::everything);
    } else if (machine_.state().settings.durability == partition::Durability::page_cache) {
        want_write_back(info->bytes);
    }
    appended_since_upkeep_ = true;
    return partition::Replicated{log_->log_end_offset(),
                                 log_->latest_epoch().value_or(kNoLeaderEpoch)};
}

}  // namespace milena::replica
