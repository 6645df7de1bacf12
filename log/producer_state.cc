#include "log/producer_state.h"

#include "protocol/base/assert.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace milena::log {

const ProducerEntry* ProducerState::find(ProducerId id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
}

void ProducerState::apply(const ProducerBatch& batch) {
    ProducerEntry& entry = entries_[batch.producer_id];
    entry.begin_epoch(batch.producer_epoch);
    entry.remember(
        {.last_offset = batch.last_offset,
         .timestamp = batch.max_timestamp,
         .last_sequence = batch.last_sequence(),
         .offset_delta = static_cast<std::int32_t>(batch.last_offset - batch.first_offset)});
    entry.last_timestamp = batch.max_timestamp;
    if (batch.transactional && !entry.has_open_transaction()) {
        entry.current_txn_first_offset = batch.first_offset;
        open_.emplace(batch.first_offset, batch.producer_id);
    }
}

std::optional<CompletedTransaction> ProducerState::apply(ProducerId id, ProducerEpoch epoch,
                                                         const TransactionMarker& marker,
                                                         Offset offset, TimestampMs timestamp) {
    ProducerEntry& entry = entries_[id];
    entry.begin_epoch(epoch);
    entry.coordinator_epoch = marker.coordinator_epoch;
    entry.last_timestamp = timestamp;
    if (!entry.has_open_transaction()) return std::nullopt;
    const CompletedTransaction completed{id, entry.current_txn_first_offset, offset,
                                         marker.type == ControlType::abort};
    entry.current_txn_first_offset = kNoOffset;
    open_.erase(completed.first_offset);
    ended_.insert_or_assign(completed.first_offset, offset);
    return completed;
}

std::optional<Offset> ProducerState::first_unstable_offset() const {
    std::optional<Offset> first;
    if (!open_.empty()) first = open_.begin()->first;
    if (!ended_.empty() && (!first || ended_.begin()->first < *first)) {
        first = ended_.begin()->first;
    }
    return first;
}

Offset ProducerState::stable_offset_after(const CompletedTransaction& completed) const {
    return open_.empty() ? completed.last_offset + 1 : open_.begin()->first;
}

void ProducerState::on_high_watermark(Offset high_watermark) {
    while (!ended_.empty() && ended_.begin()->second < high_watermark) ended_.erase(ended_.begin());
}

void ProducerState::expire(TimestampMs now, Millis after) {
    std::erase_if(entries_, [&](const auto& item) {
        return !item.second.has_open_transaction() &&
               now - item.second.last_timestamp >= after.count();
    });
}

std::size_t ProducerState::shrink_to(std::size_t limit) {
    if (entries_.size() <= limit) return 0;
    std::vector<std::pair<TimestampMs, ProducerId>> idle;
    for (const auto& [id, entry] : entries_) {
        if (!entry.has_open_transaction()) idle.emplace_back(entry.last_timestamp, id);
    }
    const std::size_t count = std::min(idle.size(), entries_.size() - limit);
    std::ranges::nth_element(idle, idle.begin() + static_cast<std::ptrdiff_t>(count));
    for (std::size_t i = 0; i < count; ++i) entries_.erase(idle[i].second);
    return count;
}

void ProducerState::clear() {
    entries_.clear();
    open_.clear();
    ended_.clear();
}

void ProducerState::restore(ProducerId id, const ProducerEntry& entry) {
    entries_.insert_or_assign(id, entry);
    if (entry.has_open_transaction()) open_.emplace(entry.current_txn_first_offset, id);
}

void ProducerState::check_invariants() const {
    for (const auto& [first, id] : open_) {
        const ProducerEntry* entry = find(id);
        MILENA_ASSERT(entry != nullptr && entry->current_txn_first_offset == first);
    }
    std::size_t open = 0;
    for (const auto& [id, entry] : entries_) {
        if (entry.has_open_transaction()) ++open;
        MILENA_ASSERT(entry.batch_count <= ProducerEntry::kRememberedBatches);
    }
    MILENA_ASSERT(open == open_.size());
    const auto unstable = first_unstable_offset();
    MILENA_ASSERT(!unstable || *unstable <= end_offset_);
}

}  // namespace milena::log
