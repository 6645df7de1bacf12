// AddPartitionsToTxn, in both forms: what a transaction writes to, and whether it may (KIP-890).
#include "broker/coordinator/txn/transitions.h"

#include <algorithm>

namespace milena::coordinator::txn {
namespace {

bool holds_all(const Transaction& current, const Partitions& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& topic) {
        const auto found = current.partitions.find(topic.first);
        return found != current.partitions.end() &&
               std::includes(found->second.begin(), found->second.end(), topic.second.begin(),
                             topic.second.end());
    });
}

}  // namespace

Step step(const Transaction* current, const AddPartitions& request, const StepContext& context) {
    if (request.transactional_id.empty()) return refused(ErrorCode::INVALID_REQUEST);
    if (current == nullptr) return refused(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    // First of all: when the epochs of a producer id are used up, the producer works with the next
    // id as soon as the end of its transaction is decided.
    if (current->is_ending()) return in_the_way();
    if (current->producer_id != request.producer_id) {
        return refused(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    if (!current->has_epoch(request.producer_epoch)) return refused(ErrorCode::PRODUCER_FENCED);
    Step result;
    const bool under_way = current->status == Status::ongoing;
    if (under_way && holds_all(*current, request.partitions)) {
        if (current->soft.begun_on < request.connection) {
            result.next = *current;
            result.next->soft.begun_on = request.connection;
        }
        return result;
    }
    Transaction next = *current;
    next.status = Status::ongoing;
    if (!under_way) next.start = context.now;
    next.last_update = context.now;
    next.client_version = request.client_version;
    for (const auto& [topic, indexes] : request.partitions) {
        for (const auto index : indexes) add_partition(next.partitions, topic, index);
    }
    next.soft.begun_on = std::max(next.soft.begun_on, request.connection);
    result.next = std::move(next);
    return result;
}

Reply verify(const Transaction* current, const VerifyPartitions& request) {
    if (current == nullptr || current->producer_id != request.producer_id) {
        return refusal(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    if (current->producer_epoch != request.producer_epoch) {
        return refusal(ErrorCode::PRODUCER_FENCED);
    }
    if (current->is_ending()) return refusal(ErrorCode::CONCURRENT_TRANSACTIONS);
    Reply reply;
    for (const auto& [topic, indexes] : request.partitions) {
        for (const auto index : indexes) {
            if (!contains(current->partitions, topic, index)) {
                add_partition(reply.missing, topic, index);
            }
        }
    }
    return reply;
}

}  // namespace milena::coordinator::txn
