// PartitionLog: compaction, as far as it needs the log itself (log/cleaner/ does the rest).

#include "log/cleaner/cleaning.h"
#include "log/log_state.h"
#include "log/partition_log.h"
#include "protocol/base/logger.h"

#include <algorithm>
#include <iterator>

namespace milena::log {
namespace {

// The files of a segment in the order in which they are renamed: the .log last on the way to .swap,
// so that one with this suffix has all its indexes, and first on the way to its plain name, so that
// an index with a plain name is never without its .log.
constexpr FileKind kLogLast[] = {FileKind::offset_index, FileKind::time_index, FileKind::txn_index,
                                 FileKind::log};
constexpr FileKind kLogFirst[] = {FileKind::log, FileKind::offset_index, FileKind::time_index,
                                  FileKind::txn_index};

Result<CleanableSegment> facts_of(const PartitionLog::State& s, std::size_t index) {
    const Segment& segment = *s.segments[index];
    MILENA_ASSIGN(const TimestampMs largest, segment.largest_timestamp());
    MILENA_ASSIGN(const TimestampMs first, segment.first_batch_timestamp());
    return CleanableSegment{segment.base(),
                            s.end_of(index),
                            segment.size(),
                            segment.offset_index().file().bytes(),
                            segment.time_index().file().bytes(),
                            largest,
                            first};
}

Result<std::vector<CleanableSegment>> sealed_segments(const PartitionLog::State& s) {
    std::vector<CleanableSegment> facts;
    facts.reserve(s.segments.size());
    for (std::size_t i = 0; i + 1 < s.segments.size(); ++i) {
        MILENA_ASSIGN(facts.emplace_back(), facts_of(s, i));
    }
    return facts;
}

CleanRange range_of(const PartitionLog::State& s, std::span<const CleanableSegment> sealed,
                    Offset last_stable, TimestampMs now) {
    return find_clean_range(sealed,
                            {.log_start_offset = s.log_start_offset,
                             .log_end_offset = s.log_end_offset,
                             .cleaned_to = s.cleaned_to,
                             .last_stable_offset = last_stable,
                             .recovery_point = s.recovery_point},
                            s.settings, now);
}

ActiveProducers active_producers(const ProducerState& producers, Offset below) {
    ActiveProducers active;
    for (const auto& [id, entry] : producers.entries()) {
        LastOfProducer last{std::nullopt, entry.epoch};
        if (const auto* batch = entry.last_batch()) last.data = batch->last_offset;
        if (!last.data || *last.data < below) active.emplace(id, last);
    }
    return active;
}

// Where the segments to be replaced begin; nullopt when they are not there any more as they were.
std::optional<std::size_t> find_replaced(const PartitionLog::State& s,
                                         const CleanedSegment& cleaned) {
    if (cleaned.generation != s.generation) return std::nullopt;
    const std::size_t first = s.floor_segment(cleaned.base);
    // The active one is never among them.
    if (first + cleaned.replaces.size() >= s.segments.size()) return std::nullopt;
    for (std::size_t i = 0; i < cleaned.replaces.size(); ++i) {
        const Segment& segment = *s.segments[first + i];
        const auto& expected = cleaned.replaces[i];
        if (segment.base() != expected.base || segment.size() != expected.size) return std::nullopt;
    }
    return first;
}

Status rename_files(const LogPlace& place, Offset base, std::span<const FileKind> kinds,
                    FileSuffix from, FileSuffix to) {
    for (const FileKind kind : kinds) {
        auto renamed =
            place.disk.rename(place.path({base, kind, from}), place.path({base, kind, to}));
        if (!renamed && renamed.error().io != IoCause::not_found) return renamed;
    }
    return {};
}

// From here on a crash ends with the new segment: the next start finishes what is not finished.
Status commit(const LogPlace& place, Offset base) {
    auto renamed = rename_files(place, base, kLogLast, FileSuffix::cleaned, FileSuffix::swap);
    if (!renamed) {
        // Back, or the next start would take it for complete.
        const auto back =
            rename_files(place, base, kLogFirst, FileSuffix::swap, FileSuffix::cleaned);
        if (!back) renamed.error().io = IoCause::broken;
        return renamed;
    }
    auto synced = place.disk.sync_dir(place.directory);
    // Nobody knows what a crash would leave now.
    if (!synced) synced.error().io = IoCause::broken;
    return synced;
}

Status replace(PartitionLog::State& s, std::size_t first, const CleanedSegment& cleaned,
               LogTime now) {
    const auto replaced = std::span(s.segments).subspan(first, cleaned.replaces.size());
    for (const auto& segment : replaced) MILENA_TRY(segment->mark_deleted());
    // Before a plain name is given to the new segment no old one may come back beside it.
    MILENA_TRY(s.place.disk.sync_dir(s.place.directory));
    MILENA_TRY(rename_files(s.place, cleaned.base, kLogFirst, FileSuffix::swap, FileSuffix::none));
    std::vector<Offset> merged;
    std::vector<std::string> paths;
    for (const auto& segment : replaced) {
        if (segment->base() != cleaned.base) merged.push_back(segment->base());
        std::ranges::move(segment->paths(), std::back_inserter(paths));
    }
    replaced.front() = std::make_unique<Segment>(s.place, cleaned.base, cleaned.files, now.wall);
    const auto begin = s.segments.begin() + static_cast<std::ptrdiff_t>(first);
    s.segments.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(cleaned.replaces.size()));
    // Snapshots stand at the bases of segments.
    MILENA_ASSIGN(auto snapshots, s.snapshots.mark_deleted(merged));
    std::ranges::move(snapshots, std::back_inserter(paths));
    s.doomed.push_back({now.mono, std::move(paths)});
    return {};
}

}  // namespace

Offset PartitionLog::cleaned_to() const {
    return state_->cleaned_to;
}

Result<CleanRange> PartitionLog::clean_range(Offset last_stable, TimestampMs now) const {
    MILENA_ASSIGN(const auto sealed, sealed_segments(*state_));
    return range_of(*state_, sealed, last_stable, now);
}

Result<CleaningPlan> PartitionLog::plan_cleaning(Offset last_stable, LogTime now) const {
    const State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    MILENA_ASSIGN(const auto sealed, sealed_segments(s));
    CleaningPlan plan{.place = s.place,
                      .settings = s.settings,
                      .range = range_of(s, sealed, last_stable, now.wall),
                      .sources = {},
                      .aborted = {},
                      .producers = {},
                      .now = now,
                      .generation = s.generation};
    for (std::size_t i = 0; i < sealed.size() && sealed[i].end <= plan.range.end; ++i) {
        plan.sources.push_back({sealed[i], s.segments[i]->modified()});
    }
    MILENA_ASSIGN(plan.aborted, aborted_transactions(s.segments.front()->base(), plan.range.end));
    plan.producers = active_producers(s.producers, plan.range.end);
    return plan;
}

Result<bool> PartitionLog::swap_cleaned(const CleanedSegment& cleaned, LogTime now) {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    const auto first = find_replaced(s, cleaned);
    if (!first) return false;
    auto committed = commit(s.place, cleaned.base);
    // A refusal that could be taken back leaves the log as it was.
    if (!committed && committed.error().io == IoCause::broken) committed = s.note(committed);
    if (!committed) return std::unexpected(std::move(committed).error());
    if (auto replaced = replace(s, *first, cleaned, now); !replaced) {
        // Half old, half new in memory: only the next start can finish it.
        replaced.error().io = IoCause::broken;
        return std::unexpected(s.note(replaced).error());
    }
    log_info("segments_compacted", {{"directory", s.place.directory},
                                    {"base_offset", cleaned.base.value()},
                                    {"segments", cleaned.replaces.size()},
                                    {"bytes", cleaned.files.log}});
    return true;
}

void PartitionLog::mark_cleaned(Offset up_to, std::uint64_t generation) {
    if (generation == state_->generation) state_->cleaned_to = up_to;
}

}  // namespace milena::log
