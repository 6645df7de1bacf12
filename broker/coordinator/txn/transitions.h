// The verbs of one transactional id: what it is now and a request, to what it is next. Pure.
#pragma once

#include "broker/coordinator/txn/requests.h"
#include "broker/coordinator/txn/state.h"
#include "protocol/base/random.h"

#include <optional>

namespace milena::coordinator::txn {

struct StepContext {
    const Settings& settings;
    TimestampMs now;
    Random& random;
};

struct Step {
    Reply reply;
    // Absent: nothing changes. One that is being ended has the token of the markers it needs.
    std::optional<Transaction> next;
    // The transaction that is being ended is in the way; `reply` is for those who cannot wait.
    bool must_wait = false;
};

// `current` is null when the id is unknown.
Step step(const Transaction* current, const InitProducer& request, const StepContext& context);
Step step(const Transaction* current, const AddPartitions& request, const StepContext& context);
Step step(const Transaction* current, const EndTransaction& request, const StepContext& context);
Reply verify(const Transaction* current, const VerifyPartitions& request);

// The end of a transaction that its producer did not ask for: its epoch is used up by it.
Transaction fence_and_abort(const Transaction& ongoing, const StepContext& context);
// After the markers.
Transaction completed(const Transaction& ending, TimestampMs now);

WriteMarkers markers_for(const std::string& transactional_id, const Transaction& ending);

inline Reply refusal(ErrorCode error) {
    Reply reply;
    reply.error = error;
    return reply;
}
inline Step refused(ErrorCode error) {
    return {refusal(error), std::nullopt, false};
}
inline Step in_the_way() {
    return {refusal(ErrorCode::CONCURRENT_TRANSACTIONS), std::nullopt, true};
}

}  // namespace milena::coordinator::txn
