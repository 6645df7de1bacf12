// One batch of the log, folded into the producers' state: the same on the leader, on a follower and
// in recovery.
#pragma once

#include "log/batch_scan.h"
#include "log/log_types.h"
#include "log/producer_state.h"
#include "log/segment.h"

#include <optional>

namespace milena::log {

// Does fold_batch need the batch's bytes, or will its header do?
inline bool fold_needs_body(const BatchHead& head) {
    return head.has_producer_id() && head.is_control();
}
ProducerBatch producer_batch(const BatchHead& head);

// The transaction that the batch aborted, for the segment's txn index. `body` may be empty unless
// fold_needs_body. A control batch that is no marker, or whose record the cleaner took, changes
// nothing.
std::optional<AbortedTransaction> fold_batch(ProducerState& state, const BatchHead& head,
                                             ByteView body);

// Folds in the batches of a segment from the state's end offset on and below `end`, as far as they
// can be told apart.
Status replay_producers(Segment& segment, ProducerState& state, Offset end);

}  // namespace milena::log
