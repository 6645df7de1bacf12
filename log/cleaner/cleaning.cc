#include "log/cleaner/cleaning.h"

#include <algorithm>

namespace milena::log {
namespace {

constexpr FileKind kSegmentKinds[] = {FileKind::log, FileKind::offset_index, FileKind::time_index,
                                      FileKind::txn_index};

std::unexpected<Error> not_a_row_of_batches(const CleaningPlan& plan, const CleaningSource& source,
                                            std::uint64_t position) {
    const SegmentFileName name{source.facts.base, FileKind::log, FileSuffix::none};
    return fail(ErrorCode::CORRUPT_MESSAGE,
                "cannot compact " + plan.place.path(name) + ": at byte " +
                    std::to_string(position) +
                    " no whole batch begins; check the disk, restart to have the log recovered");
}

Status remove_cleaned(const LogPlace& place, Offset base) {
    for (const FileKind kind : kSegmentKinds) {
        auto removed = place.disk.remove(place.path({base, kind, FileSuffix::cleaned}));
        if (!removed && removed.error().io != IoCause::not_found) return removed;
    }
    return {};
}

std::vector<CleanableSegment> facts_of(std::span<const CleaningSource> sources, Offset below) {
    std::vector<CleanableSegment> facts;
    for (const CleaningSource& source : sources) {
        if (source.facts.base < below) facts.push_back(source.facts);
    }
    return facts;
}

}  // namespace

CleaningRound::CleaningRound(const CleaningPlan& plan, const CleaningMeans& means)
    : plan_(plan),
      means_(means),
      rules_{.map = means.map,
             .producers = plan.producers,
             .now = plan.now.wall,
             .delete_retention = plan.settings.delete_retention_ms,
             .end = plan.range.end},
      transactions_(plan.aborted, Offset{0}),
      filter_(rules_, transactions_, means.codecs) {}

Result<std::shared_ptr<File>> CleaningRound::open(const CleaningSource& source) const {
    return plan_.place.disk.open(
        plan_.place.path({source.facts.base, FileKind::log, FileSuffix::none}), OpenMode::read);
}

Result<Offset> CleaningRound::read_keys() {
    means_.map.clear();
    const Offset from = plan_.range.first_dirty;
    TransactionTracker transactions(plan_.aborted, from);
    KeyCollector collector(means_.map, transactions, means_.codecs, from);
    for (const CleaningSource& source : plan_.sources) {
        if (source.facts.end <= from) continue;
        MILENA_ASSIGN(const bool all, collect_keys(source, collector));
        if (!all) break;
        // Offsets between the last batch and the next segment are known to hold nothing.
        means_.map.set_latest_offset(source.facts.end - 1);
    }
    const Offset end = means_.map.latest_offset() + 1;
    if (end > from) return end;
    return fail(ErrorCode::POLICY_VIOLATION,
                "cannot compact " + plan_.place.directory +
                    ": not one key fits into the memory that log.cleaner.dedupe.buffer.size leaves "
                    "for a thread; raise it");
}

Result<bool> CleaningRound::collect_keys(const CleaningSource& source, KeyCollector& collector) {
    MILENA_ASSIGN(const auto file, open(source));
    BatchScanner scanner(*file, 0, source.facts.size, means_.io_bytes);
    for (;;) {
        MILENA_ASSIGN(const auto head, scanner.next());
        if (!head) break;
        if (head->last_offset < plan_.range.first_dirty) continue;
        MILENA_ASSIGN(const ByteView body, scanner.body());
        MILENA_TRY(means_.pace(head->size));
        if (!collector.add(*head, body)) return false;
    }
    if (scanner.position() == source.facts.size) return true;
    return not_a_row_of_batches(plan_, source, scanner.position());
}

// Old formats are at the beginning of a log or nowhere, and compaction leaves them alone.
Status CleaningRound::begin_cleaning() {
    groups_ =
        group_segments(facts_of(plan_.sources, means_.map.latest_offset() + 1), plan_.settings);
    for (const CleaningSource& source : plan_.sources) {
        if (source.facts.size == 0) continue;
        MILENA_ASSIGN(const auto file, open(source));
        BatchScanner scanner(*file, 0, source.facts.size, kBatchOverhead);
        MILENA_ASSIGN(const auto head, scanner.next());
        rules_.keep_tombstones = head && head->magic != batch_layout::kMagicValue;
        break;
    }
    return {};
}

Result<std::optional<CleanedSegment>> CleaningRound::next() {
    if (!groups_) MILENA_TRY(begin_cleaning());
    while (next_group_ < groups_->size()) {
        const std::size_t count = (*groups_)[next_group_++];
        const auto group = Sources(plan_.sources).subspan(next_source_, count);
        next_source_ += count;
        auto cleaned = clean(group);
        if (!cleaned) {
            // What went wrong is the answer; leftovers go with the next round or start.
            static_cast<void>(remove_cleaned(plan_.place, group.front().facts.base));
            return cleaned;
        }
        if (*cleaned) return cleaned;
    }
    return std::nullopt;
}

Result<std::optional<CleanedSegment>> CleaningRound::clean(Sources group) {
    const Offset base = group.front().facts.base;
    MILENA_TRY(remove_cleaned(plan_.place, base));
    const TimestampMs modified = group.back().modified;
    MILENA_ASSIGN(const auto target,
                  Segment::create(plan_.place, base, Millis{0}, modified, FileSuffix::cleaned));
    MILENA_ASSIGN(const bool changed, clean_into(*target, group));
    if (!changed && group.size() == 1) {
        MILENA_TRY(remove_cleaned(plan_.place, base));
        return std::nullopt;
    }
    MILENA_TRY(make_durable(*target));
    CleanedSegment cleaned;
    cleaned.base = base;
    cleaned.generation = plan_.generation;
    for (const CleaningSource& source : group) {
        cleaned.replaces.push_back({source.facts.base, source.facts.size});
    }
    cleaned.files.log = target->size();
    cleaned.files.offset_index = target->offset_index().file().bytes();
    cleaned.files.time_index = target->time_index().file().bytes();
    if (!target->txn_index().file().empty()) {
        cleaned.files.txn_index = target->txn_index().file().bytes();
    }
    cleaned.files.modified = modified;
    return cleaned;
}

Result<bool> CleaningRound::clean_into(Segment& target, Sources group) {
    bool changed = false;
    out_.clear();
    for (const CleaningSource& source : group) {
        MILENA_ASSIGN(const bool same, clean_source(target, source));
        changed |= !same;
    }
    MILENA_TRY(write(target, group.back().modified));
    MILENA_TRY(target.seal());
    return changed;
}

// True: everything is as it was.
Result<bool> CleaningRound::clean_source(Segment& target, const CleaningSource& source) {
    MILENA_ASSIGN(const auto file, open(source));
    BatchScanner scanner(*file, 0, source.facts.size, means_.io_bytes);
    bool same = true;
    for (;;) {
        MILENA_ASSIGN(const auto head, scanner.next());
        if (!head) break;
        MILENA_ASSIGN(const ByteView body, scanner.body());
        same &= filter_.filter(*head, body, out_);
        for (const AbortedTransaction& aborted : filter_.take_aborted()) {
            target.add_aborted(aborted);
        }
        MILENA_TRY(means_.pace(head->size));
        if (out_.size() >= means_.io_bytes) MILENA_TRY(write(target, source.modified));
    }
    if (scanner.position() == source.facts.size) return same;
    return not_a_row_of_batches(plan_, source, scanner.position());
}

Status CleaningRound::write(Segment& target, TimestampMs now) {
    if (out_.empty()) return {};
    MILENA_TRY(target.append(out_, plan_.settings, now));
    const std::size_t bytes = out_.size();
    out_.clear();
    return means_.pace(bytes);
}

Status CleaningRound::make_durable(Segment& target) const {
    SyncPlan plan;
    MILENA_ASSIGN(plan.files.emplace_back(), target.share_log());
    MILENA_TRY(target.collect_index_files(plan.files));
    plan.directory = plan_.place.directory;
    return plan.run(plan_.place.disk);
}

Result<CleanedLog> run_round(const CleaningPlan& plan, const CleaningMeans& means,
                             const std::function<Result<bool>(const CleanedSegment&)>& swap) {
    CleanedLog result;
    CleaningRound round(plan, means);
    MILENA_ASSIGN(const Offset up_to, round.read_keys());
    for (;;) {
        MILENA_ASSIGN(const auto cleaned, round.next());
        result.counts = round.counts();
        if (!cleaned) break;
        const auto swapped = swap(*cleaned);
        if (!swapped || !*swapped) {
            const auto removed = remove_cleaned(plan.place, cleaned->base);
            if (!swapped) return std::unexpected(swapped.error());
            if (!removed) return std::unexpected(removed.error());
            return result;
        }
        ++result.swapped;
    }
    result.up_to = up_to;
    return result;
}

}  // namespace milena::log
