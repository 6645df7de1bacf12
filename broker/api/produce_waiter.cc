#include "broker/api/produce_waiter.h"

#include "broker/api/services.h"

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

// The answer of the next one of `list`, when it is `before`, is now `after`.
template <class Append>
bool move_answer(std::vector<Append>& list, std::size_t& next,
                 const Response::PartitionProduceResponse* before,
                 Response::PartitionProduceResponse* after) {
    if (next == list.size() || list[next].answer != before) return false;
    list[next++].answer = after;
    return true;
}

}  // namespace

ProduceWaiter::ProduceWaiter(const Response& response, Work work, Reply<Response> reply,
                             MonoTime deadline)
    : Waiter(reply.executor()),
      work_(std::move(work)),
      in_queue_(work_.queued.size()),
      deadline_(deadline),
      reply_(std::move(reply)) {
    std::size_t next_pending = 0;
    std::size_t next_unverified = 0;
    std::size_t next_queued = 0;
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
            // All lists stand in the order of the response.
            const auto* before = &from.partition_responses[p];
            auto* after = &to.partition_responses[p];
            if (move_answer(work_.pending, next_pending, before, after)) continue;
            if (move_answer(work_.queued, next_queued, before, after)) continue;
            (void)move_answer(work_.unverified, next_unverified, before, after);
        }
    }
    MILENA_ASSERT(next_pending == work_.pending.size());
    MILENA_ASSERT(next_unverified == work_.unverified.size());
    MILENA_ASSERT(next_queued == work_.queued.size());
}

std::shared_ptr<ProduceWaiter> ProduceWaiter::park(Services& services, ReactorScratch& scratch,
                                                   const Response& response, Work work,
                                                   Reply<Response> reply, MonoTime deadline) {
    auto waiter =
        std::make_shared<ProduceWaiter>(response, std::move(work), std::move(reply), deadline);
    // The queue is a matter of microseconds: no timer for it alone.
    if (!waiter->work_.pending.empty() || !waiter->work_.unverified.empty()) {
        waiter->expire_at(deadline);
    }
    for (const auto& append : waiter->work_.pending) {
        append.partition->park_producer(append.outcome, waiter);
    }
    for (std::size_t i = 0; i < waiter->work_.queued.size(); ++i) {
        auto& queued = waiter->work_.queued[i];
        scratch.appends.add(services, queued.partition, std::exchange(queued.batch, {}),
                            waiter->work_.acks, waiter, i);
    }
    return waiter;
}

void ProduceWaiter::on_appended(std::size_t tag, Result<replica::AppendOutcome> outcome) {
    --in_queue_;
    // Whoever has been told that it timed out will send it again, and it is known then.
    if (done()) return;
    auto& queued = work_.queued[tag];
    if (outcome) {
        note(queued.partition, *outcome, queued.log_append_time, *queued.answer);
    } else {
        refuse(*queued.answer, outcome.error().code);
        queued.answer->error_message = arena_.copy(outcome.error().detail);
    }
    if (in_queue_ > 0) return;
    recheck();
    if (!done() && !has_deadline()) expire_at(deadline_);
}

void ProduceWaiter::on_verified(const Verdict& verdict, log::LogTime now) {
    for (auto& unverified : work_.unverified) {
        // Whoever has been told that it timed out will send it again.
        if (!done()) {
            if (auto status = append(unverified, verdict, now); !status) {
                refuse(*unverified.answer, status.error().code);
                unverified.answer->error_message = arena_.copy(status.error().detail);
            }
        }
        unverified.partition->end_verification(unverified.verification);
    }
    work_.unverified.clear();
    wake();
}

Status ProduceWaiter::append(UnverifiedAppend& append, const Verdict& verdict, log::LogTime now) {
    MILENA_TRY(verdict(append.partition->name()));
    MILENA_ASSIGN(const auto outcome,
                  append.partition->append(append.batch, work_.acks, log::AppendOrigin::client, now,
                                           append.verification));
    note(append.partition, outcome, append.log_append_time, *append.answer);
    return {};
}

void ProduceWaiter::note(const std::shared_ptr<replica::Partition>& partition,
                         const replica::AppendOutcome& outcome, TimestampMs log_append_time,
                         Response::PartitionProduceResponse& answer) {
    answer.base_offset = outcome.base_offset;
    answer.log_start_offset = outcome.log_start_offset;
    answer.log_append_time_ms = outcome.duplicate_timestamp.value_or(log_append_time);
    if (outcome.wait_for == kNoOffset) return;
    work_.pending.push_back({partition, outcome, &answer});
    partition->park_producer(outcome, shared_from_this());
}

void ProduceWaiter::refuse(Response::PartitionProduceResponse& answer, ErrorCode code) {
    work_.failed = true;
    answer.error_code = code;
    answer.base_offset = kNoOffset;
}

bool ProduceWaiter::ready() {
    std::erase_if(work_.pending, [this](const PendingAppend& append) {
        const auto acknowledged = append.partition->is_acknowledged(append.outcome);
        if (acknowledged) return *acknowledged;
        refuse(*append.answer, acknowledged.error().code);
        return true;
    });
    return work_.pending.empty() && work_.unverified.empty() && in_queue_ == 0;
}

void ProduceWaiter::answer(bool expired) {
    if (expired) {
        // Records that were appended stay: the client must not take this for "not written".
        for (const auto& append : work_.pending) {
            refuse(*append.answer, ErrorCode::REQUEST_TIMED_OUT);
        }
        for (const auto& append : work_.unverified) {
            refuse(*append.answer, ErrorCode::REQUEST_TIMED_OUT);
        }
    }
    if (work_.acks != replica::Acks::none) return reply_.send(response_);
    if (work_.failed) return reply_.close("an append with acks=0 failed");
    reply_.send_nothing();
}

}  // namespace milena::api
