#include "broker/replica/node_transaction_peers.h"

#include "broker/replica/transaction_codec.h"

#include <utility>

namespace milena::replica {
namespace {

template <class Response, class Done>
auto decoded(Done done) {
    return [done = std::move(done)](Result<const Response*> response) mutable {
        if (!response) return done(std::unexpected(std::move(response).error()));
        done(from_message(**response));
    };
}

}  // namespace

void NodeTransactionPeers::write_markers(BrokerId leader, const Partitions& partitions,
                                         const log::TransactionEnd& end, Marked done) {
    using Response = msg::WriteTxnMarkersResponse;
    channels_.ask<msg::WriteTxnMarkersRequest, Response>(
        leader,
        [partitions, end](Arena& arena, ApiVersion) { return to_message(partitions, end, arena); },
        decoded<Response>(std::move(done)));
}

void NodeTransactionPeers::ask(BrokerId coordinator, coordinator::txn::LeaderQuestion question,
                               Asked done) {
    using Response = msg::AddPartitionsToTxnResponse;
    channels_.ask<msg::AddPartitionsToTxnRequest, Response>(
        coordinator,
        [question = std::move(question)](Arena& arena, ApiVersion) {
            return to_message(question, arena);
        },
        decoded<Response>(std::move(done)));
}

}  // namespace milena::replica
