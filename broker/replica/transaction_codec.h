// What transactions ask other brokers, as messages: WriteTxnMarkers (27) to leaders,
// AddPartitionsToTxn (24, v4 and later) to a coordinator. KIP-98, KIP-890.
#pragma once

#include "broker/replica/transaction_peers.h"
#include "protocol/base/arena.h"
#include "protocol/msg/add_partitions_to_txn.h"
#include "protocol/msg/write_txn_markers.h"

namespace milena::replica {

// They view nothing but the arena.
msg::WriteTxnMarkersRequest to_message(const coordinator::txn::Partitions& partitions,
                                       const log::TransactionEnd& end, Arena& arena);
msg::AddPartitionsToTxnRequest to_message(const coordinator::txn::LeaderQuestion& question,
                                          Arena& arena);

// UNKNOWN_TOPIC_OR_PARTITION of a broker that has not heard of the topic yet, or no more, comes as
// NOT_LEADER_OR_FOLLOWER: whether there is such a partition is not for it to say.
MarkerAnswer from_message(const msg::WriteTxnMarkersResponse& response);
// Fails with the error of the request as a whole.
Result<coordinator::txn::Reply> from_message(const msg::AddPartitionsToTxnResponse& response);

}  // namespace milena::replica
