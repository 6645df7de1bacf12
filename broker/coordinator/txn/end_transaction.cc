// EndTxn: the decision, and what follows when the markers are written.
//
// With the old protocol (classic) a producer keeps its epoch from transaction to transaction, so an
// EndTxn that was held up in the network looks like one for the transaction under way now, which it
// would end half-way (KAFKA-17754). A producer sends all requests to its coordinator over one
// connection, and gives that up before it sends a request again over a new one. So an EndTxn that
// arrives on a connection older than the one that added to the transaction under way is such a
// relic: it decides nothing, INVALID_TXN_STATE. Connections die with the process that knows their
// order, so nothing of this need be in the log. With the new protocol the epoch tells them apart.
#include "broker/coordinator/txn/transitions.h"

namespace milena::coordinator::txn {
namespace {

ProducerEpoch bumped(ProducerEpoch epoch) {
    return ProducerEpoch(static_cast<std::int16_t>(epoch.value() + 1));
}

MarkerToken fresh_token(Random& random) {
    return MarkerToken(random.next() | 1);  // never kNoMarkerToken
}

Transaction ending(const Transaction& current, EndResult result, const StepContext& context) {
    Transaction next = current;
    next.status = result == EndResult::commit ? Status::prepare_commit : Status::prepare_abort;
    next.last_update = context.now;
    next.soft = {.last_epoch = current.soft.last_epoch, .token = fresh_token(context.random)};
    return next;
}

Step end_classic(const Transaction& current, const EndTransaction& request,
                 const StepContext& context) {
    if (current.producer_id != request.producer_id) {
        return refused(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    if (!current.has_epoch(request.producer_epoch)) return refused(ErrorCode::PRODUCER_FENCED);
    Step step;
    if (current.status == Status::ongoing) {
        if (request.connection != ConnectionNumber(0) &&
            request.connection < current.soft.begun_on) {
            return refused(ErrorCode::INVALID_TXN_STATE);
        }
        step.next = ending(current, request.result, context);
        step.next->client_version = ClientVersion::classic;
    } else {
        const auto done =
            request.result == EndResult::commit ? Status::complete_commit : Status::complete_abort;
        if (current.status != done) return refused(ErrorCode::INVALID_TXN_STATE);
    }
    step.reply.producer_id = current.producer_id;
    step.reply.producer_epoch = current.producer_epoch;
    return step;
}

// The decision uses up the epoch of the transaction; when that was the last one, the producer goes
// on with another id.
Step end_and_bump(const Transaction& current, const EndTransaction& request,
                  const StepContext& context) {
    Step step;
    if (current.is_epoch_exhausted() && request.fresh_id == kNoProducerId) {
        step.reply.needs_producer_id = true;
        return step;
    }
    Transaction next = ending(current, request.result, context);
    if (current.status != Status::ongoing) next.start = context.now;
    next.client_version = ClientVersion::implicit;
    next.producer_epoch = bumped(current.producer_epoch);
    next.soft.last_epoch = current.producer_epoch;
    step.reply.producer_id = next.producer_id;
    step.reply.producer_epoch = next.producer_epoch;
    if (current.is_epoch_exhausted()) {
        next.next_producer_id = request.fresh_id;
        step.reply.producer_id = request.fresh_id;
        step.reply.producer_epoch = ProducerEpoch(0);
    }
    step.next = std::move(next);
    return step;
}

// Has this very request been answered before, so that the producer should be a bump further?
bool is_retry(const Transaction& current, const EndTransaction& request) {
    if (request.producer_id == current.producer_id) {
        return current.producer_epoch.value() == request.producer_epoch.value() + 1;
    }
    return request.producer_id == current.previous_producer_id &&
           request.producer_epoch == kLastProducerEpoch &&
           current.producer_epoch == ProducerEpoch(0);
}

Step end_implicit(const Transaction& current, const EndTransaction& request,
                  const StepContext& context) {
    const bool retry = is_retry(current, request);
    if (current.producer_id != request.producer_id && !retry) {
        return refused(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    const bool current_epoch =
        current.producer_id == request.producer_id && current.has_epoch(request.producer_epoch);
    const bool was_ended =
        current.status == Status::complete_commit || current.status == Status::complete_abort;
    if (!current_epoch && !(retry && was_ended)) return refused(ErrorCode::PRODUCER_FENCED);
    if (current.status == Status::ongoing) return end_and_bump(current, request, context);

    if (retry) {
        const auto done =
            request.result == EndResult::commit ? Status::complete_commit : Status::complete_abort;
        if (current.status != done) return refused(ErrorCode::INVALID_TXN_STATE);
        Step step;
        step.reply.producer_id = current.producer_id;
        step.reply.producer_epoch = current.producer_epoch;
        return step;
    }
    // A producer may abort what it never wrote to, or does not know whether it did.
    if (request.result == EndResult::commit) return refused(ErrorCode::INVALID_TXN_STATE);
    return end_and_bump(current, request, context);
}

}  // namespace

Step step(const Transaction* current, const EndTransaction& request, const StepContext& context) {
    if (request.transactional_id.empty()) return refused(ErrorCode::INVALID_REQUEST);
    if (current == nullptr) return refused(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    if (current->is_ending()) return in_the_way();
    return request.client_version == ClientVersion::implicit
               ? end_implicit(*current, request, context)
               : end_classic(*current, request, context);
}

Transaction fence_and_abort(const Transaction& ongoing, const StepContext& context) {
    Transaction next = ending(ongoing, EndResult::abort, context);
    // The epoch above the last one is never a producer's, only a marker's.
    if (ongoing.producer_epoch <= kLastProducerEpoch) {
        next.producer_epoch = bumped(ongoing.producer_epoch);
    }
    next.soft.last_epoch = kNoProducerEpoch;
    return next;
}

Transaction completed(const Transaction& ending, TimestampMs now) {
    Transaction next = ending;
    next.status =
        ending.status == Status::prepare_commit ? Status::complete_commit : Status::complete_abort;
    next.partitions.clear();
    next.last_update = now;
    next.soft.token = kNoMarkerToken;
    if (ending.next_producer_id != kNoProducerId) {
        next.previous_producer_id = ending.producer_id;
        next.producer_id = ending.next_producer_id;
        next.producer_epoch = ProducerEpoch(0);
        next.next_producer_id = kNoProducerId;
    }
    return next;
}

WriteMarkers markers_for(const std::string& transactional_id, const Transaction& ending) {
    WriteMarkers markers;
    markers.transactional_id = transactional_id;
    markers.token = ending.soft.token;
    markers.producer_id = ending.producer_id;
    markers.producer_epoch = ending.producer_epoch;
    markers.result = ending.status == Status::prepare_commit ? EndResult::commit : EndResult::abort;
    markers.client_version = ending.client_version;
    markers.partitions = ending.partitions;
    return markers;
}

}  // namespace milena::coordinator::txn
