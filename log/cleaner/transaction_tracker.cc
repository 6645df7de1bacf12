#include "log/cleaner/transaction_tracker.h"

#include "protocol/record/control_record.h"
#include "protocol/record/record_reader.h"

#include <algorithm>

namespace milena::log {

std::optional<ControlType> control_type(const BatchView& batch) {
    RecordReader reader(batch, batch.records());
    if (!reader.next()) return std::nullopt;
    return parse_control_key(reader.record().key).value_or(ControlType::leader_change);
}

TransactionTracker::TransactionTracker(std::vector<AbortedTransaction> aborted, Offset from)
    : aborted_(std::move(aborted)) {
    std::erase_if(aborted_, [from](const auto& one) { return one.last_offset < from; });
    std::ranges::sort(aborted_, {}, &AbortedTransaction::first_offset);
}

void TransactionTracker::begin_up_to(Offset offset) {
    for (; next_ < aborted_.size() && aborted_[next_].first_offset <= offset; ++next_) {
        const AbortedTransaction& begun = aborted_[next_];
        const auto [at, fresh] = ongoing_.try_emplace(begun.producer_id, Ongoing{begun});
        // One that is over, though its marker did not come by.
        if (!fresh && at->second.transaction.last_offset < begun.first_offset) {
            at->second = Ongoing{begun};
        }
    }
}

bool TransactionTracker::is_aborted(const BatchHead& data) {
    begin_up_to(data.last_offset);
    if (!data.is_transactional()) return false;
    const auto found = ongoing_.find(data.producer_id);
    if (found != ongoing_.end()) {
        if (data.base_offset < found->second.transaction.last_offset) {
            found->second.data_seen = true;
            return true;
        }
        ongoing_.erase(found);
    }
    committed_.insert(data.producer_id);
    return false;
}

TransactionTracker::Marker TransactionTracker::on_marker(const BatchHead& marker,
                                                         std::optional<ControlType> type) {
    begin_up_to(marker.last_offset);
    if (!type) return {.outlived = true, .aborted = std::nullopt};
    if (*type == ControlType::commit) {
        return {.outlived = committed_.erase(marker.producer_id) == 0, .aborted = std::nullopt};
    }
    // Control records of another kind stay.
    if (*type != ControlType::abort) return {};
    const auto found = ongoing_.find(marker.producer_id);
    if (found == ongoing_.end()) return {.outlived = true, .aborted = std::nullopt};
    const Ongoing ended = found->second;
    ongoing_.erase(found);
    if (!ended.data_seen) return {.outlived = true, .aborted = std::nullopt};
    return {.outlived = false, .aborted = ended.transaction};
}

}  // namespace milena::log
