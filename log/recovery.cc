#include "log/recovery.h"

#include "log/damage.h"
#include "log/leftovers.h"
#include "log/producer_fold.h"
#include "log/roll.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace milena::log {
namespace {

constexpr std::string_view kDamagedSuffix = ".damaged";

class Recovery {
  public:
    Recovery(PartitionLog::State& state, const OpenOptions& options)
        : s_(state), options_(options) {
        if (options.recovery_point > options.log_start_offset)
            vouched_end_ = options.recovery_point;
    }

    Status run() {
        MILENA_TRY(s_.place.disk.make_dir(s_.place.directory));
        MILENA_ASSIGN(files_, tidy_partition_directory(s_.place, s_.report));
        MILENA_ASSIGN(auto epochs,
                      read_epoch_checkpoint(s_.place.disk,
                                            join_path(s_.place.directory, kLeaderEpochCheckpoint)));
        s_.epochs = EpochCache(std::move(epochs));
        s_.epochs_on_disk = s_.epochs.version();
        s_.snapshots = SnapshotFiles(s_.place, files_.snapshots);
        for (const auto& [base, found] : files_.segments) {
            s_.segments.push_back(
                std::make_unique<Segment>(s_.place, base, found, options_.now.wall));
        }
        MILENA_TRY(open_segments());
        MILENA_TRY(settle_start());
        return settle_end();
    }

  private:
    // --- Segments ---

    Status open_segments() {
        std::size_t suspect = s_.segments.size();
        // The active segment is looked at again after any crash.
        vouched_ = suspect == 0 ? 0 : suspect - 1;
        if (s_.segments.empty()) {
            MILENA_TRY(s_.add_segment(options_.log_start_offset, options_.now.wall));
            suspect = 1;
        } else if (options_.shutdown == Shutdown::unclean) {
            suspect = vouched_ = first_suspect();
        }
        for (std::size_t i = 0; i < suspect; ++i) {
            MILENA_ASSIGN(const bool sound, inspect(i));
            if (!sound) suspect = i;
        }
        if (suspect == s_.segments.size()) {
            const auto end = s_.active().read_end();
            if (end && end->position == s_.active().size()) {
                s_.log_end_offset = end->offset;
                s_.recovery_point = end->offset;
                return restore_producers(s_.log_end_offset);
            }
            if (!end && !is_corruption(end.error())) return std::unexpected(end.error());
            --suspect;
        }
        return recover_from(suspect);
    }

    // What reached the device below the recovery point includes the indexes of every segment but
    // the one that holds the last byte of it.
    std::size_t first_suspect() const {
        const auto& segments = s_.segments;
        std::size_t i = segments.size() - 1;
        while (i > 0 && segments[i]->base() >= options_.recovery_point) --i;
        return i;
    }

    // False: the txn index cannot be trusted, which takes the producers' state to rebuild.
    Result<bool> inspect(std::size_t index) {
        Segment& segment = *s_.segments[index];
        const SegmentFiles& found = files_.segments[segment.base()];
        if (found.txn_index) {
            MILENA_ASSIGN(const bool sane, segment.txn_index().looks_sane(*found.txn_index));
            if (!sane) return false;
        }
        if (segment.index_lengths_sane(found)) return true;
        MILENA_TRY(rebuild_indexes(index));
        return true;
    }

    // Of a segment whose batches are not in doubt: goes by headers alone and cuts nothing.
    Status rebuild_indexes(std::size_t index) {
        Segment& segment = *s_.segments[index];
        ++s_.report.rebuilt_indexes;
        return segment.rebuild_indexes(s_.settings, rebuild_of(index));
    }

    // After the next crash the recovery point on disk still vouches for those.
    Rebuild rebuild_of(std::size_t index) const {
        return index < vouched_ ? Rebuild::durable : Rebuild::in_place;
    }

    Status recover_from(std::size_t first) {
        MILENA_TRY(find_resumption(first));
        const Offset from = resumption_ ? resumption_->offset : s_.segments[first]->base();
        rebuilt_from_ = std::min(rebuilt_from_, from);
        s_.recovery_point = options_.recovery_point;
        vouched_epochs_ = s_.epochs.entries();
        s_.epochs.truncate_from_end(from);
        MILENA_TRY(s_.snapshots.remove_above(from));
        MILENA_TRY(restore_producers(from));
        for (std::size_t i = first; i < s_.segments.size(); ++i) {
            Segment& segment = *s_.segments[i];
            if (i > first) {
                s_.producers.set_end_offset(segment.base());
                MILENA_TRY(s_.snapshots.write(s_.producers, s_.segments.front()->base()));
            }
            s_.log_end_offset = i == first ? from : segment.base();
            MILENA_ASSIGN(const std::uint64_t valid, recover_segment(i));
            resumption_.reset();
            if (valid == segment.size()) {
                MILENA_TRY(segment.finish_rebuild(valid));
                continue;
            }
            MILENA_TRY(cut(i, valid));
            break;
        }
        s_.directory_unsynced = true;
        return {};
    }

    // Where the batches of the first suspect begin that the device may not hold.
    Status find_resumption(std::size_t first) {
        Segment& segment = *s_.segments[first];
        const bool crashed = options_.shutdown == Shutdown::unclean;
        const SegmentFiles& found = files_.segments[segment.base()];
        if (!crashed || segment.size() == 0 || !segment.index_lengths_sane(found)) return {};
        // Nobody would look at it again if what is cut off here came back after another crash.
        if (rebuild_of(first) == Rebuild::durable) return {};
        MILENA_ASSIGN(resumption_, segment.resume(options_.recovery_point));
        return {};
    }

    // Reads and checks every batch, moving log_end_offset along. How many bytes are valid.
    Result<std::uint64_t> recover_segment(std::size_t index) {
        Segment& segment = *s_.segments[index];
        const Offset bound = index + 1 < s_.segments.size()
                                 ? s_.segments[index + 1]->base()
                                 : Offset{std::numeric_limits<std::int64_t>::max()};
        ++s_.report.scanned_segments;
        const std::uint64_t from = resumption_ ? resumption_->position : 0;
        s_.report.scanned_bytes += segment.size() - from;
        if (!resumption_) MILENA_TRY(segment.begin_rebuild(true, rebuild_of(index)));
        MILENA_ASSIGN(const auto file, segment.share_log());
        BatchScanner scanner(*file, from, segment.size(), BatchScanner::kBodyWindow);
        for (;;) {
            const std::uint64_t position = scanner.position();
            MILENA_ASSIGN(const bool taken, take_next(segment, scanner, bound));
            if (taken) continue;
            segment.mark_checked(from, position);
            if (position == segment.size()) return position;
            MILENA_ASSIGN(const std::uint64_t behind, behind_damage(index, *file, position, bound));
            if (behind == position) return position;
            scanner.seek(behind);
        }
    }

    // False: no sound batch stands there.
    Result<bool> take_next(Segment& segment, BatchScanner& scanner, Offset bound) {
        const auto next = scanner.next();
        if (!next && !is_corruption(next.error())) return std::unexpected(next.error());
        if (!next || !*next) return false;
        const BatchHead& head = **next;
        if (head.base_offset < s_.log_end_offset || head.last_offset >= bound ||
            !offset_fits_segment(segment.base(), head.last_offset)) {
            return false;
        }
        if (head.base_offset > s_.log_end_offset) {
            MILENA_ASSIGN(const bool wrong, is_contradicted(scanner, head));
            if (wrong) return false;
        }
        const bool vouched = head.last_offset < vouched_end_;
        if (vouched && !epoch_fits(head, vouched_epochs_)) return false;
        MILENA_ASSIGN(const ByteView body, scanner.body());
        if (!batch_checksum_matches(head, body)) return false;
        MILENA_TRY(take(segment, head, body));
        return true;
    }

    // Where sound batches go on behind the byte that begins none; the byte itself when what is
    // there is the torn end of the log. Below the recovery point everything was on the device once,
    // so it is damage. Above it, batches behind that were never acknowledged may have reached the
    // device before those that are missing: those leave sectors of zeros.
    Result<std::uint64_t> behind_damage(std::size_t index, const File& file, std::uint64_t position,
                                        Offset bound) {
        Segment& segment = *s_.segments[index];
        const OffsetBounds bounds{s_.log_end_offset, bound};
        const bool vouched = s_.log_end_offset < vouched_end_;
        MILENA_ASSIGN(const auto sound,
                      find_sound_batch(file, position + 1, segment.size(), bounds));
        std::uint64_t end = sound ? sound->position : segment.size();
        if (!vouched) {
            if (!sound) return position;
            MILENA_ASSIGN(const bool torn, looks_torn(file, position, end));
            if (torn) return position;
        }
        if (!sound) {
            // The offsets of the damaged end are those up to the next segment, if there is one.
            if (index + 1 == s_.segments.size() || bound > vouched_end_) return position;
            s_.log_end_offset = bound;
        } else {
            s_.log_end_offset = sound->base_offset;
        }
        ++s_.report.damaged_batches;
        segment.take_down_damage(position, end);
        return end;
    }

    Status take(Segment& segment, const BatchHead& head, ByteView body) {
        segment.account(head, s_.settings);
        if (head.leader_epoch >= LeaderEpoch{0} && head.leader_epoch > latest_epoch()) {
            s_.epochs.assign(head.leader_epoch, head.base_offset);
        }
        if (const auto aborted = fold_batch(s_.producers, head, body))
            segment.add_aborted(*aborted);
        s_.log_end_offset = head.last_offset + 1;
        return {};
    }

    LeaderEpoch latest_epoch() const { return s_.epochs.latest().value_or(kNoLeaderEpoch); }

    // The log ends at `valid` of that segment.
    Status cut(std::size_t index, std::uint64_t valid) {
        Segment& segment = *s_.segments[index];
        const bool damage = s_.log_end_offset < options_.recovery_point;
        const std::uint64_t lost = segment.size() - valid;
        s_.report.cut_bytes += lost;
        const auto level = damage ? LogLevel::error : LogLevel::info;
        log_event(level, damage ? "damaged_log_cut" : "torn_tail_cut",
                  {{"segment", segment.log_file().path()},
                   {"position", valid},
                   {"bytes", lost},
                   {"log_end_offset", s_.log_end_offset.value()},
                   {"recovery_point", options_.recovery_point.value()}});
        if (damage) {
            if (s_.place.damage != nullptr) s_.place.damage->add(lost);
            MILENA_TRY(set_aside_tail(segment, valid));
        }
        MILENA_TRY(segment.finish_rebuild(valid));
        while (s_.segments.size() > index + 1) {
            Segment& behind = *s_.segments.back();
            s_.report.cut_bytes += behind.size();
            if (damage) {
                const std::string path = behind.log_file().path();
                MILENA_TRY(s_.place.disk.rename(path, path + std::string(kDamagedSuffix)));
            }
            MILENA_TRY(behind.remove_files());
            s_.segments.pop_back();
        }
        return {};
    }

    Status set_aside_tail(const Segment& segment, std::uint64_t from) {
        const std::string path = segment.log_file().path() + std::string(kDamagedSuffix);
        MILENA_ASSIGN(const auto source, segment.share_log());
        MILENA_ASSIGN(const auto target, s_.place.disk.open(path, OpenMode::open_or_create));
        MILENA_TRY(target->truncate(0));
        std::vector<std::uint8_t> piece(BatchScanner::kBodyWindow);
        for (std::uint64_t at = from; at < segment.size(); at += piece.size()) {
            const auto bytes = std::min<std::uint64_t>(piece.size(), segment.size() - at);
            const auto part = MutableBytes(piece).first(bytes);
            MILENA_TRY(source->read_at(at, part));
            MILENA_TRY(target->write_at(at - from, part));
        }
        return target->sync();
    }

    // --- Producers ---

    // Brings the producers' state to `end`, from the newest snapshot at or below it.
    Status restore_producers(Offset end) {
        const bool any = s_.snapshots.latest().has_value();
        MILENA_ASSIGN(const bool loaded,
                      s_.snapshots.load(end, options_.now.wall,
                                        s_.settings.producer_id_expiration_ms, s_.producers));
        if (!loaded) {
            // A log that was closed well and never took a snapshot has no producers to know.
            const bool skip = !any && options_.shutdown == Shutdown::clean;
            s_.producers.set_end_offset(skip ? end : s_.segments.front()->base());
        }
        for (std::size_t i = s_.floor_segment(s_.producers.end_offset()); i < s_.segments.size();
             ++i) {
            MILENA_TRY(replay_producers(*s_.segments[i], s_.producers, end));
        }
        s_.producers.set_end_offset(end);
        return {};
    }

    // --- Both ends ---

    Status settle_start() {
        s_.log_start_offset = std::max(options_.log_start_offset, s_.segments.front()->base());
        if (s_.log_end_offset >= s_.log_start_offset) return {};
        // Everything that was still readable is gone: begin anew where the log was said to start.
        log_warn("log_begins_anew", {{"directory", s_.place.directory},
                                     {"log_end_offset", s_.log_end_offset.value()},
                                     {"log_start_offset", s_.log_start_offset.value()}});
        for (auto& segment : s_.segments) MILENA_TRY(segment->remove_files());
        s_.segments.clear();
        s_.producers.clear();
        s_.epochs.clear();
        s_.log_end_offset = s_.log_start_offset;
        s_.producers.set_end_offset(s_.log_end_offset);
        return s_.add_segment(s_.log_start_offset, options_.now.wall);
    }

    Status settle_end() {
        s_.epochs.truncate_from_end(s_.log_end_offset);
        s_.epochs.truncate_from_start(s_.log_start_offset);
        MILENA_TRY(s_.snapshots.remove_above(s_.log_end_offset));
        std::vector<Offset> bases;
        for (const auto& segment : s_.segments) bases.push_back(segment->base());
        MILENA_TRY(s_.snapshots.remove_stray(bases));
        s_.bound_producers();
        MILENA_TRY(s_.snapshots.write(s_.producers, s_.segments.front()->base()));
        // Rebuilt indexes are not on the device yet, so the next crash must look at them again.
        s_.recovery_point = std::max(
            s_.log_start_offset, std::min({s_.recovery_point, s_.log_end_offset, rebuilt_from_}));
        s_.synced_offset =
            std::max(s_.log_start_offset,
                     std::min(options_.shutdown == Shutdown::clean ? s_.log_end_offset
                                                                   : options_.recovery_point,
                              s_.log_end_offset));
        // One that lies outside says nothing; so says Kafka's cleaner.
        const bool within =
            options_.cleaned_to >= s_.log_start_offset && options_.cleaned_to <= s_.log_end_offset;
        s_.cleaned_to = within ? options_.cleaned_to : s_.log_start_offset;
        MILENA_TRY(s_.active().prepare_for_append());
        s_.written_back = s_.active().size();
        const bool clean = options_.shutdown == Shutdown::clean;
        s_.newborn = !clean || files_.unsettled;
        if (clean && s_.recovery_point == s_.log_end_offset && s_.snapshots.all_synced()) {
            s_.as_closed = {s_.log_end_offset, s_.generation};
        }
        // The active segment's stay open: it was opened to be used.
        for (std::size_t i = 0; i + 1 < s_.segments.size(); ++i) s_.segments[i]->release_files();
        return {};
    }

    PartitionLog::State& s_;
    const OpenOptions& options_;
    PartitionFiles files_;
    // Everything below was synced once. 0 when the recovery point is only where records were
    // deleted up to: that may be in the middle of a batch, and nobody asks for what is below.
    Offset vouched_end_{0};
    std::vector<EpochEntry> vouched_epochs_;  // right for everything below the recovery point
    std::size_t vouched_ = 0;  // how many segments the recovery point on disk speaks for wholly
    std::optional<Segment::Resumption> resumption_;  // in the first segment that is read
    Offset rebuilt_from_{std::numeric_limits<std::int64_t>::max()};
};

}  // namespace

Status recover_log(PartitionLog::State& state, const OpenOptions& options) {
    return Recovery(state, options).run();
}

}  // namespace milena::log
