// PartitionLog: what finds and reads.

#include "log/damage.h"
#include "log/log_state.h"
#include "log/partition_log.h"
#include "protocol/record/record_reader.h"

#include <algorithm>

namespace milena::log {
namespace {

// Decompressed records of one batch, while looking for a timestamp.
constexpr std::size_t kMaxPayload = 256U << 20U;

// The first batch whose last offset is at or above `offset`, and the segment it is in.
struct Located {
    Segment* segment = nullptr;
    std::size_t index = 0;
    BatchHead head;
};

Result<std::optional<Located>> locate(const PartitionLog::State& s, Offset offset) {
    for (std::size_t i = s.floor_segment(offset); i < s.segments.size(); ++i) {
        MILENA_ASSIGN(const auto head, s.segments[i]->find(offset));
        if (head) return Located{s.segments[i].get(), i, *head};
    }
    return std::nullopt;
}

std::unexpected<Error> damaged(const Segment& segment, std::uint64_t position, Offset offset) {
    return fail(ErrorCode::CORRUPT_MESSAGE,
                segment.log_file().path() + " is damaged before byte " + std::to_string(position) +
                    ", where offset " + std::to_string(offset.value()) +
                    " was: seek past it, or restore the file from a copy");
}

// May the offset have been in damaged bytes that were passed over on the way to `found`?
Status refuse_damaged(const PartitionLog::State& s, const std::optional<Located>& found,
                      Offset offset) {
    for (std::size_t i = s.floor_segment(offset); i < s.segments.size(); ++i) {
        const Segment& segment = *s.segments[i];
        const bool here = found && found->segment == &segment;
        const std::uint64_t reached = here ? found->head.position : segment.size();
        if (here && found->head.base_offset <= offset) return {};
        if (segment.is_damaged() && segment.damage_ends_at(reached) && offset < s.end_of(i)) {
            return damaged(segment, reached, offset);
        }
        if (here) return {};
    }
    return {};
}

// The byte of the segment where the first batch that reaches `bound` begins; its size if none does.
Result<std::uint64_t> end_below(const PartitionLog::State& s, std::size_t segment, Offset bound) {
    Segment& in = *s.segments[segment];
    if (bound >= s.end_of(segment)) return in.size();
    MILENA_ASSIGN(const auto head, in.find(bound));
    return head ? head->position : in.size();
}

Result<std::optional<TimestampedOffset>> search_batch(const BatchView& batch, Codecs& codecs,
                                                      TimestampMs at_least, Offset from) {
    std::vector<std::uint8_t> buffer;
    MILENA_ASSIGN(const ByteView payload, payload_of(batch, codecs, buffer, kMaxPayload));
    RecordReader reader(batch, payload);
    while (reader.next()) {
        const Record& record = reader.record();
        if (record.timestamp < at_least || record.offset < from) continue;
        return TimestampedOffset{record.timestamp, record.offset, batch.leader_epoch()};
    }
    MILENA_TRY(reader.status());
    return std::nullopt;
}

// The first record of the segment from `from` on that is not earlier than `timestamp`, looking from
// `position` on.
Result<std::optional<TimestampedOffset>> search_segment(Segment& segment, std::uint64_t position,
                                                        TimestampMs timestamp, Offset from,
                                                        Codecs& codecs) {
    MILENA_ASSIGN(const auto file, segment.share_log());
    BatchScanner scanner = segment.scan_from(*file, position, BatchScanner::kHeaderWindow);
    for (;;) {
        MILENA_ASSIGN(const auto head, segment.next_sound(scanner, kNoOffset));
        if (!head) return std::nullopt;
        if (head->max_timestamp < timestamp || head->last_offset < from) continue;
        if (head->magic != batch_layout::kMagicValue) {
            return TimestampedOffset{head->max_timestamp, head->last_offset, kNoLeaderEpoch};
        }
        MILENA_ASSIGN(const ByteView body, scanner.body());
        if (!batch_checksum_matches(*head, body)) {
            segment.take_down_damage(head->position, head->end());
            continue;
        }
        MILENA_ASSIGN(const auto found, search_batch(BatchView(body), codecs, timestamp, from));
        if (found) return found;
    }
}

}  // namespace

Result<ReadResult> PartitionLog::read(Offset from, std::uint64_t max_bytes, FirstBatch first,
                                      Offset bound) const {
    const State& s = *state_;
    if (from < s.log_start_offset || from > s.log_end_offset) {
        return fail(ErrorCode::OFFSET_OUT_OF_RANGE,
                    "offset " + std::to_string(from.value()) + " of " + s.place.directory +
                        " is not within " + std::to_string(s.log_start_offset.value()) + " to " +
                        std::to_string(s.log_end_offset.value()));
    }
    ReadResult result;
    result.position = end_position();
    if (from >= bound || from == s.log_end_offset) return result;
    MILENA_ASSIGN(const auto start, locate(s, from));
    MILENA_TRY(refuse_damaged(s, start, from));
    if (!start) return result;
    const BatchHead& head = start->head;
    MILENA_ASSIGN(std::uint64_t end, end_below(s, start->index, bound));
    end = std::min(end, start->segment->sound_until(head.position));
    result.position = {start->segment->base(), head.position};
    if (end <= head.position) return result;
    if (head.size > max_bytes) {
        if (first == FirstBatch::within_limit) return result;
        max_bytes = head.size;
    }
    result.first_offset = head.base_offset;
    MILENA_ASSIGN(auto file, start->segment->share_log());
    result.slice.position = head.position;
    result.slice.length = std::min(max_bytes, end - head.position);
    if (!start->segment->is_checked(head.position, head.position + result.slice.length)) {
        result.unchecked = UncheckedBatches{.file = file,
                                            .begin = head.position,
                                            .end = head.position + result.slice.length,
                                            .limit = start->segment->sound_until(head.position),
                                            .epochs = s.epochs.entries(),
                                            .segment_base = start->segment->base(),
                                            .bound = s.end_of(start->index),
                                            .generation = s.generation};
    }
    result.slice.source = std::move(file);
    return result;
}

Result<UncheckedBatches::Outcome> UncheckedBatches::check() const {
    MILENA_ASSIGN(const auto checked,
                  check_batches(*file, begin, end, limit, {segment_base, bound}, epochs));
    return Outcome{checked.sound_to, checked.damaged_at};
}

Status PartitionLog::note_checked(ReadResult& read, const UncheckedBatches::Outcome& outcome) {
    State& s = *state_;
    const UncheckedBatches& asked = *read.unchecked;
    Segment& segment = *s.segments[s.floor_segment(asked.segment_base)];
    const bool as_it_was = asked.generation == s.generation && segment.base() == asked.segment_base;
    if (as_it_was) segment.mark_checked(asked.begin, outcome.sound_to);
    if (!outcome.damaged_at) return {};
    if (as_it_was) MILENA_TRY(segment.take_down_damage(*outcome.damaged_at, segment.base()));
    if (*outcome.damaged_at <= read.slice.position) {
        return damaged(segment, segment.size(), read.first_offset);
    }
    read.slice.length = std::min(read.slice.length, *outcome.damaged_at - read.slice.position);
    return {};
}

Status PartitionLog::repair_indexes() {
    State& s = *state_;
    MILENA_TRY(s.refuse_if_broken());
    for (const auto& segment : s.segments) {
        if (!segment->index_is_suspect()) continue;
        MILENA_TRY(s.note(segment->rebuild_indexes(s.settings, Rebuild::durable)));
        MILENA_TRY(s.note(segment->prepare_for_append()));
    }
    return {};
}

Result<LogPosition> PartitionLog::position_of(Offset offset) const {
    if (offset >= state_->log_end_offset) return end_position();
    MILENA_ASSIGN(const auto found, locate(*state_, offset));
    if (!found) return end_position();
    return LogPosition{found->segment->base(), found->head.position};
}

std::uint64_t PartitionLog::bytes_between(LogPosition from, LogPosition to) const {
    if (to <= from) return 0;
    std::uint64_t bytes = 0;
    for (const auto& segment : state_->segments) {
        if (segment->base() < from.segment_base || segment->base() > to.segment_base) continue;
        const std::uint64_t begin = segment->base() == from.segment_base ? from.in_segment : 0;
        const std::uint64_t end =
            segment->base() == to.segment_base ? to.in_segment : segment->size();
        if (end > begin) bytes += end - begin;
    }
    return bytes;
}

Result<std::optional<TimestampedOffset>> PartitionLog::offset_for_timestamp(TimestampMs timestamp,
                                                                            Codecs& codecs) const {
    const State& s = *state_;
    for (const auto& segment : s.segments) {
        MILENA_ASSIGN(const IndexedTimestamp largest, segment->max_timestamp());
        if (largest.timestamp < timestamp) continue;
        MILENA_ASSIGN(const IndexedTimestamp before, segment->time_index().lookup(timestamp));
        MILENA_ASSIGN(const IndexedPosition at,
                      segment->offset_index().lookup(std::max(before.offset, s.log_start_offset)));
        MILENA_ASSIGN(const auto found,
                      search_segment(*segment, at.position, timestamp, s.log_start_offset, codecs));
        if (found) return found;
    }
    return std::nullopt;
}

Result<std::optional<TimestampedOffset>> PartitionLog::offset_of_max_timestamp(
    Codecs& codecs) const {
    const State& s = *state_;
    Segment* latest = nullptr;
    IndexedTimestamp largest{kNoTimestamp, kNoOffset};
    for (const auto& segment : s.segments) {
        MILENA_ASSIGN(const IndexedTimestamp candidate, segment->max_timestamp());
        if (candidate.timestamp <= largest.timestamp) continue;
        largest = candidate;
        latest = segment.get();
    }
    if (latest == nullptr) return std::nullopt;
    MILENA_ASSIGN(const IndexedPosition at, latest->offset_index().lookup(largest.offset));
    return search_segment(*latest, at.position, largest.timestamp, s.log_start_offset, codecs);
}

Result<std::vector<AbortedTransaction>> PartitionLog::aborted_transactions(Offset from,
                                                                           Offset bound) const {
    const State& s = *state_;
    std::vector<AbortedTransaction> aborted;
    for (std::size_t i = s.floor_segment(from); i < s.segments.size(); ++i) {
        MILENA_ASSIGN(const bool complete,
                      s.segments[i]->txn_index().collect(from, bound, aborted));
        if (complete) break;
    }
    return aborted;
}

Result<Offset> PartitionLog::upper_bound_of(const ReadResult& read) const {
    const State& s = *state_;
    const std::size_t index = s.floor_segment(read.position.segment_base);
    MILENA_ASSIGN(const auto bound,
                  s.segments[index]->offset_bound_at(read.position.in_segment + read.slice.length));
    return bound.value_or(s.end_of(index));
}

}  // namespace milena::log
