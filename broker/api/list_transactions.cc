// ListTransactions (66), v0-2. KIP-664, KIP-994 (duration), KIP-1152 (pattern).
// Errors: COORDINATOR_LOAD_IN_PROGRESS (some shard is not loaded), INVALID_REGULAR_EXPRESSION.
// States that do not exist are named in the response and match nothing.
#include "protocol/msg/list_transactions.h"

#include "broker/api/gather.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/replica/transaction_coordinator.h"

#include <algorithm>

#include <re2/re2.h>

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Body = msg::ListTransactionsRequest;
using Response = msg::ListTransactionsResponse;

// What a transaction must be to be listed; empty lists ask for nothing.
struct Filter {
    std::vector<std::string_view> states;  // names that exist
    bool by_state = false;
    std::vector<ProducerId> producers;
    Millis longer_than{-1};
    TimestampMs now;
    std::unique_ptr<RE2> pattern;

    bool operator()(const txn::Description& found) const {
        if (by_state && std::find(states.begin(), states.end(), found.status) == states.end()) {
            return false;
        }
        if (!producers.empty() &&
            std::find(producers.begin(), producers.end(), found.producer_id) == producers.end()) {
            return false;
        }
        if (longer_than >= Millis(0) && Millis(now - found.start) <= longer_than) return false;
        return !pattern || RE2::FullMatch(found.transactional_id, *pattern);
    }
};

// Names the unknown states in the response.
Filter filter_of(const Body& body, TimestampMs now, Arena& arena, Response& response) {
    Filter filter;
    filter.now = now;
    filter.longer_than = Millis(body.duration_filter.count());
    filter.producers.assign(body.producer_id_filters.begin(), body.producer_id_filters.end());
    filter.by_state = !body.state_filters.empty();
    std::vector<std::string_view> unknown;
    for (const auto name : body.state_filters) {
        if (const auto status = txn::find_status(name)) {
            filter.states.push_back(txn::status_name(*status));
        } else {
            unknown.push_back(arena.copy(name));
        }
    }
    auto& named = response.unknown_state_filters;
    named = std::remove_reference_t<decltype(named)>::make(arena, unknown.size());
    std::copy(unknown.begin(), unknown.end(), named.begin());
    const auto pattern = body.transactional_id_pattern.value_or_empty();
    if (!pattern.empty()) {
        filter.pattern = std::make_unique<RE2>(pattern, RE2::Quiet);
    }
    return filter;
}

void fill_in(Response& response, const std::vector<txn::Description>& all, const Filter& filter,
             Arena& arena) {
    std::vector<const txn::Description*> found;
    for (const auto& one : all) {
        if (filter(one)) found.push_back(&one);
    }
    auto& states = response.transaction_states;
    states = std::remove_reference_t<decltype(states)>::make(arena, found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        states[i].transactional_id = arena.copy(found[i]->transactional_id);
        states[i].producer_id = found[i]->producer_id;
        states[i].transaction_state = found[i]->status;
    }
}

void list_transactions(Services& services, const Request<Body>& request, Reply<Response> reply) {
    using All = Result<std::vector<txn::Description>>;
    auto gather = std::make_shared<Gather<Response>>(std::move(reply));
    auto filter =
        filter_of(request.body, services.clock.wall_now(), gather->arena, gather->response);
    if (filter.pattern && !filter.pattern->ok()) {
        gather->response.error_code = ErrorCode::INVALID_REGULAR_EXPRESSION;
        return gather->finish_one();
    }
    services.transactions.list(
        gather->template part<All>([gather = gather.get(), filter = std::move(filter)](All all) {
            if (all) return fill_in(gather->response, *all, filter, gather->arena);
            gather->response.error_code = all.error().code;
        }));
    gather->finish_one();
}

}  // namespace

MILENA_HANDLER(ListTransactions, list_transactions)

}  // namespace milena::api
