#include "broker/api/produce_waiter.h"

namespace milena::api {
namespace {

using Response = msg::ProduceResponse;

NullableString copy_nullable(Arena& arena, NullableString text) {
    return text.is_null() ? NullableString() : NullableString(arena.copy(*text));
}

void copy_partition(Arena& arena, Response::PartitionProduceResponse& to) {
    to.error_message = copy_nullable(arena, to.error_message);
    auto errors = decltype(to.record_errors)::make(arena, to.record_errors.size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        errors[i].batch_index = to.record_errors[i].batch_index;
        errors[i].batch_index_error_message =
            copy_nullable(arena, to.record_errors[i].batch_index_error_message);
    }
    to.record_errors = errors;
}

}  // namespace

ProduceWaiter::ProduceWaiter(const Response& response, std::vector<PendingAppend> pending,
                             Reply<Response> reply)
    : Waiter(reply.executor()), pending_(std::move(pending)), reply_(std::move(reply)) {
    std::size_t next = 0;
    response_.responses = decltype(response_.responses)::make(arena_, response.responses.size());
    for (std::size_t t = 0; t < response.responses.size(); ++t) {
        const auto& from = response.responses[t];
        auto& to = response_.responses[t];
        to.name = arena_.copy(from.name);
        to.topic_id = from.topic_id;
        to.partition_responses =
            decltype(to.partition_responses)::make(arena_, from.partition_responses.size());
        for (std::size_t p = 0; p < from.partition_responses.size(); ++p) {
            to.partition_responses[p] = from.partition_responses[p];
            copy_partition(arena_, to.partition_responses[p]);
            // Pending appends stand in the order of the response.
            if (next < pending_.size() && pending_[next].answer == &from.partition_responses[p]) {
                pending_[next++].answer = &to.partition_responses[p];
            }
        }
    }
    MILENA_ASSERT(next == pending_.size());
}

void ProduceWaiter::park(const Response& response, std::vector<PendingAppend> pending,
                         Reply<Response> reply, MonoTime deadline) {
    const auto waiter =
        std::make_shared<ProduceWaiter>(response, std::move(pending), std::move(reply));
    waiter->expire_at(deadline);
    for (const auto& append : waiter->pending_) {
        append.partition->park_producer(append.outcome, waiter);
    }
}

bool ProduceWaiter::ready() {
    std::erase_if(pending_, [](const PendingAppend& append) {
        const auto acknowledged = append.partition->is_acknowledged(append.outcome);
        if (acknowledged) return *acknowledged;
        append.answer->error_code = acknowledged.error().code;
        append.answer->base_offset = kNoOffset;
        return true;
    });
    return pending_.empty();
}

void ProduceWaiter::answer(bool expired) {
    if (expired) {
        for (const auto& append : pending_) {
            // The records stay: the client must not take this for "not written".
            append.answer->error_code = ErrorCode::REQUEST_TIMED_OUT;
            append.answer->base_offset = kNoOffset;
        }
    }
    reply_.send(response_);
}

}  // namespace milena::api
