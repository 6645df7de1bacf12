// InitProducerId: a producer begins, or goes on after an error (KIP-98, KIP-360).
#include "broker/coordinator/txn/transitions.h"

namespace milena::coordinator::txn {
namespace {

Step needs_producer_id() {
    Step result;
    result.reply.needs_producer_id = true;
    return result;
}

// Is it the producer that the coordinator knows, by what it says of itself? Its epoch is looked at
// later. A producer id that gave way because its epochs were used up may be asked about again.
bool is_known_producer(const Transaction& current, const InitProducer& request) {
    return current.producer_epoch == kNoProducerEpoch ||
           request.expected_id == current.producer_id ||
           (request.expected_id == current.previous_producer_id &&
            request.expected_epoch >= kLastProducerEpoch);
}

Step answer(Transaction next) {
    Step result;
    result.reply.producer_id = next.producer_id;
    result.reply.producer_epoch = next.producer_epoch;
    result.next = std::move(next);
    return result;
}

// The id at rest with its producer's next epoch.
Step begin_epoch(const Transaction& current, const InitProducer& request,
                 const StepContext& context) {
    const bool goes_on = request.expected_id != kNoProducerId;
    Transaction next = current;
    next.status = Status::empty;
    next.timeout = request.timeout;
    next.start = kNoTimestamp;
    next.last_update = context.now;
    next.soft = {};
    if (current.is_epoch_exhausted() &&
        (!goes_on || request.expected_epoch == current.producer_epoch)) {
        if (request.fresh_id == kNoProducerId) return needs_producer_id();
        next.previous_producer_id = current.producer_id;
        next.producer_id = request.fresh_id;
        next.producer_epoch = ProducerEpoch(0);
        if (goes_on) next.soft.last_epoch = current.producer_epoch;
        return answer(std::move(next));
    }
    const auto bumped =
        ProducerEpoch(static_cast<std::int16_t>(current.producer_epoch.value() + 1));
    if (!goes_on) {
        next.producer_epoch = bumped;
    } else if (current.producer_epoch == kNoProducerEpoch ||
               request.expected_epoch == current.producer_epoch) {
        next.producer_epoch = bumped;
        next.soft.last_epoch = current.producer_epoch;
    } else if (request.expected_epoch == current.soft.last_epoch) {
        // Its answer was lost: the bump has happened already.
        next.soft.last_epoch = current.soft.last_epoch;
    } else {
        return refused(ErrorCode::PRODUCER_FENCED);
    }
    return answer(std::move(next));
}

}  // namespace

Step step(const Transaction* current, const InitProducer& request, const StepContext& context) {
    if (request.timeout <= Millis(0) || request.timeout > context.settings.max_timeout) {
        return refused(ErrorCode::INVALID_TRANSACTION_TIMEOUT);
    }
    if (current == nullptr) {
        if (request.fresh_id == kNoProducerId) return needs_producer_id();
        Transaction fresh;
        fresh.producer_id = request.fresh_id;
        return begin_epoch(fresh, request, context);
    }
    if (current->is_ending()) return in_the_way();
    if (request.expected_id != kNoProducerId && !is_known_producer(*current, request)) {
        return refused(ErrorCode::PRODUCER_FENCED);
    }
    if (current->status != Status::ongoing) return begin_epoch(*current, request, context);
    // The caller asks again when the transaction of its predecessor is out of the way.
    return {refusal(ErrorCode::CONCURRENT_TRANSACTIONS), fence_and_abort(*current, context), true};
}

}  // namespace milena::coordinator::txn
