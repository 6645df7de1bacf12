#include "log/producer_fold.h"

#include "protocol/record/control_record.h"
#include "protocol/record/record_reader.h"

#include <algorithm>

namespace milena::log {

ProducerBatch producer_batch(const BatchHead& head) {
    return {.producer_id = head.producer_id,
            .producer_epoch = head.producer_epoch,
            .base_sequence = head.base_sequence,
            .first_offset = head.base_offset,
            .last_offset = head.last_offset,
            .max_timestamp = head.max_timestamp,
            .transactional = head.is_transactional()};
}

std::optional<AbortedTransaction> fold_batch(ProducerState& state, const BatchHead& head,
                                             ByteView body) {
    state.set_end_offset(head.last_offset + 1);
    if (!head.has_producer_id()) return std::nullopt;
    if (!head.is_control()) {
        state.apply(producer_batch(head));
        return std::nullopt;
    }
    const BatchView batch(body);
    RecordReader reader(batch, batch.records());
    if (!reader.next()) return std::nullopt;
    const auto marker = parse_transaction_marker(reader.record());
    if (!marker) return std::nullopt;
    const auto completed = state.apply(head.producer_id, head.producer_epoch, *marker,
                                       head.last_offset, head.max_timestamp);
    if (!completed || !completed->aborted) return std::nullopt;
    return AbortedTransaction{completed->producer_id, completed->first_offset,
                              completed->last_offset, state.stable_offset_after(*completed)};
}

Status replay_producers(Segment& segment, ProducerState& state, Offset end) {
    if (segment.base() >= end || state.end_offset() >= end) return {};
    MILENA_ASSIGN(const auto first, segment.find(std::max(state.end_offset(), segment.base())));
    if (!first) return {};
    MILENA_ASSIGN(const auto file, segment.share_log());
    BatchScanner scanner = segment.scan_from(*file, first->position, BatchScanner::kHeaderWindow);
    for (;;) {
        MILENA_ASSIGN(const auto next, segment.next_sound(scanner, kNoOffset));
        if (!next || next->base_offset >= end) return {};
        ByteView body;
        if (fold_needs_body(*next)) {
            MILENA_ASSIGN(body, scanner.body());
        }
        static_cast<void>(fold_batch(state, *next, body));
    }
}

}  // namespace milena::log
