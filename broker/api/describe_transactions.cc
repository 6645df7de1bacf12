// DescribeTransactions (65), v0. KIP-664.
// Errors per id: INVALID_REQUEST (empty), TRANSACTIONAL_ID_NOT_FOUND, and those of the coordinator
// host.
#include "protocol/msg/describe_transactions.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/replica/transaction_coordinator.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Body = msg::DescribeTransactionsRequest;
using Response = msg::DescribeTransactionsResponse;
using State = Response::TransactionState;

void fill_in(State& state, const txn::Description& found, Arena& arena) {
    state.transaction_state = found.status;
    state.transaction_timeout_ms = found.timeout;
    state.transaction_start_time_ms = found.start;
    state.producer_id = found.producer_id;
    state.producer_epoch = found.producer_epoch;
    state.topics = decltype(state.topics)::make(arena, found.partitions.size());
    std::size_t t = 0;
    for (const auto& [topic, indexes] : found.partitions) {
        auto& out = state.topics[t++];
        out.topic = arena.copy(topic);
        out.partitions = Array<PartitionIndex>::make(arena, indexes.size());
        std::copy(indexes.begin(), indexes.end(), out.partitions.begin());
    }
}

void describe_transactions(Services& services, const Request<Body>& request,
                           Reply<Response> reply) {
    const auto& ids = request.body.transactional_ids;
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    auto& states = gather->response.transaction_states;
    states = std::remove_reference_t<decltype(states)>::make(gather->arena, ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto& state = states[i];
        state.transactional_id = gather->arena.copy(ids[i]);
        if (ids[i].empty()) {
            state.error_code = ErrorCode::INVALID_REQUEST;
            continue;
        }
        auto done = gather->template part<Result<txn::Reply>>(
            [&state, gather = gather.get()](Result<txn::Reply> answer) {
                state.error_code = answer ? answer->error : answer.error().code;
                if (state.error_code != ErrorCode::NONE) return;
                fill_in(state, answer->transactions.front(), gather->arena);
            });
        services.transactions.submit(ids[i], txn::DescribeTransaction{std::string(ids[i])},
                                     std::move(done));
    }
    gather->finish_one();
}

}  // namespace

MILENA_HANDLER(DescribeTransactions, describe_transactions)

}  // namespace milena::api
