#include "log/partition_log.h"

#include "log/log_state.h"
#include "log/recovery.h"
#include "log/roll.h"
#include "protocol/base/assert.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <utility>

namespace milena::log {

// --- State ---

std::size_t PartitionLog::State::floor_segment(Offset offset) const {
    const auto above = std::ranges::upper_bound(
        segments, offset, {}, [](const auto& segment) { return segment->base(); });
    return above == segments.begin() ? 0 : static_cast<std::size_t>(above - segments.begin()) - 1;
}

Offset PartitionLog::State::end_of(std::size_t segment) const {
    return segment + 1 < segments.size() ? segments[segment + 1]->base() : log_end_offset;
}

Status PartitionLog::State::add_segment(Offset base, TimestampMs now) {
    MILENA_ASSIGN(auto segment,
                  Segment::create(place, base, pick_jitter(settings, random.next()), now));
    segments.push_back(std::move(segment));
    directory_unsynced = true;
    written_back = 0;
    return {};
}

Status PartitionLog::State::doom(std::size_t segment, MonoTime now) {
    const auto at = segments.begin() + static_cast<std::ptrdiff_t>(segment);
    MILENA_TRY((*at)->mark_deleted());
    doomed.push_back({now, (*at)->paths()});
    segments.erase(at);
    return {};
}

void PartitionLog::State::bound_producers() {
    const std::size_t limit = settings.max_producer_ids;
    if (producers.size() <= std::max(limit, too_many_producers)) return;
    const std::size_t step = limit / 8;
    const std::size_t forgotten = producers.shrink_to(limit - step);
    // With open transactions everywhere there is nothing to forget for a while.
    too_many_producers = producers.size() > limit ? producers.size() + step : 0;
    log_warn("producers_forgotten",
             {{"directory", place.directory},
              {"forgotten", forgotten},
              {"left", producers.size()},
              {"producer.ids.per.partition.max", limit},
              {"remedy", "use fewer idempotent producers, or longer-lived ones; or raise it"}});
}

Status PartitionLog::State::refuse_if_broken() const {
    if (!broken) return {};
    return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                place.directory + " takes no more records since \"" + broken->detail +
                    "\"; repair the device and restart");
}

Status PartitionLog::State::note(Status result) {
    if (!result && !broken && result.error().code == ErrorCode::KAFKA_STORAGE_ERROR &&
        result.error().io != IoCause::no_space && result.error().io != IoCause::too_many) {
        return note_cut(std::move(result));
    }
    return result;
}

Status PartitionLog::State::note_cut(Status result) {
    if (!result && !broken) {
        log_error("log_broken",
                  {{"directory", place.directory}, {"reason", result.error().detail}});
        broken = result.error();
    }
    return result;
}

// --- Opening and closing ---

PartitionLog::PartitionLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
PartitionLog::~PartitionLog() = default;

Result<std::unique_ptr<PartitionLog>> PartitionLog::open(Disk& disk, std::string directory,
                                                         const OpenOptions& options) {
    auto state = std::make_unique<State>(disk, std::move(directory), options.settings,
                                         options.files, options.random_seed);
    state->place.damage = options.damage;
    MILENA_TRY(recover_log(*state, options));
    return std::unique_ptr<PartitionLog>(new PartitionLog(std::move(state)));
}

Status PartitionLog::close(LogTime) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    const bool as_found = s.as_closed == std::pair(s.log_end_offset, s.generation) && !s.newborn &&
                          s.epochs.version() == s.epochs_on_disk;
    if (as_found) return {};
    s.producers.set_end_offset(s.log_end_offset);
    MILENA_TRY(s.note(s.snapshots.write(s.producers, s.log_start_offset)));
    // Only the active segment is not sealed: its indexes end as those of a sealed one do.
    MILENA_TRY(s.note(s.active().seal()));
    MILENA_TRY(sync(SyncScope::everything));
    std::vector<std::shared_ptr<File>> indexes;
    MILENA_TRY(s.active().collect_index_files(indexes));
    for (const auto& file : indexes) MILENA_TRY(s.note(file->sync()));
    MILENA_TRY(s.note(s.place.disk.sync_dir(s.place.directory)));
    for (const auto& segment : s.segments) segment->release_files();
    return {};
}

// --- What it says of itself ---

Offset PartitionLog::log_start_offset() const {
    return state_->log_start_offset;
}
Offset PartitionLog::log_end_offset() const {
    return state_->log_end_offset;
}

LogPosition PartitionLog::end_position() const {
    return {state_->active().base(), state_->active().size()};
}

std::uint64_t PartitionLog::size_bytes() const {
    std::uint64_t total = 0;
    for (const auto& segment : state_->segments) total += segment->size();
    return total;
}

std::size_t PartitionLog::segment_count() const {
    return state_->segments.size();
}
Offset PartitionLog::active_segment_base() const {
    return state_->active().base();
}
const std::string& PartitionLog::directory() const {
    return state_->place.directory;
}
const LogSettings& PartitionLog::settings() const {
    return state_->settings;
}
const RecoveryReport& PartitionLog::recovery_report() const {
    return state_->report;
}
const std::optional<Error>& PartitionLog::broken() const {
    return state_->broken;
}

void PartitionLog::update_settings(const LogSettings& settings) {
    state_->settings = settings;
}

Status PartitionLog::give_back_memory() {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    return s.note(s.active().give_back_memory());
}

// --- Epochs ---

Status PartitionLog::assign_epoch_start(LeaderEpoch epoch, Offset start) {
    MILENA_TRY(state_->refuse_if_broken());
    if (epoch < LeaderEpoch{0} || start < Offset{0}) {
        return fail(ErrorCode::INVALID_REQUEST,
                    state_->place.directory + ": no leader epoch " + std::to_string(epoch.value()) +
                        " can begin at " + std::to_string(start.value()));
    }
    state_->epochs.assign(epoch, start);
    return {};
}

EpochEndOffset PartitionLog::epoch_end_offset(LeaderEpoch epoch) const {
    return state_->epochs.end_offset_for(epoch, state_->log_end_offset);
}

std::optional<LeaderEpoch> PartitionLog::latest_epoch() const {
    return state_->epochs.latest();
}

std::optional<LeaderEpoch> PartitionLog::epoch_at(Offset offset) const {
    return state_->epochs.epoch_at(offset);
}

const std::vector<EpochEntry>& PartitionLog::epochs() const {
    return state_->epochs.entries();
}

// --- Producers ---

std::optional<Offset> PartitionLog::first_unstable_offset() const {
    const auto first = state_->producers.first_unstable_offset();
    if (!first) return std::nullopt;
    return std::max(*first, state_->log_start_offset);
}

void PartitionLog::on_high_watermark(Offset high_watermark) {
    state_->producers.on_high_watermark(high_watermark);
}

void PartitionLog::expire_producers(TimestampMs now) {
    state_->producers.expire(now, state_->settings.producer_id_expiration_ms);
}

std::size_t PartitionLog::producer_count() const {
    return state_->producers.size();
}
bool PartitionLog::has_open_transaction(ProducerId id, ProducerEpoch epoch) const {
    const auto* known = state_->producers.find(id);
    return known != nullptr && known->has_open_transaction() && known->epoch == epoch;
}
const ProducerState& PartitionLog::producers() const {
    return state_->producers;
}

void PartitionLog::check_invariants() const {
    const State& s = *state_;
    MILENA_ASSERT(!s.segments.empty());
    for (std::size_t i = 1; i < s.segments.size(); ++i) {
        MILENA_ASSERT(s.segments[i - 1]->base() < s.segments[i]->base());
    }
    MILENA_ASSERT(s.active().base() <= s.log_end_offset);
    MILENA_ASSERT(s.segments.front()->base() <= s.log_start_offset);
    MILENA_ASSERT(s.log_start_offset <= s.log_end_offset);
    MILENA_ASSERT(s.recovery_point <= s.synced_offset);
    MILENA_ASSERT(s.synced_offset <= s.log_end_offset);
    MILENA_ASSERT(s.producers.end_offset() == s.log_end_offset);
    s.epochs.check_invariants();
    MILENA_ASSERT(s.epochs.entries().empty() ||
                  s.epochs.entries().back().start_offset <= s.log_end_offset);
    s.producers.check_invariants();
}

}  // namespace milena::log
