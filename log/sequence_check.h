// Is a batch its producer's next one? Pure.
//
// Rules (storage/.../ProducerAppendInfo.java and ProducerStateEntry.java):
//   same epoch and the very sequence range of one of the last five batches   duplicate
//   epoch below the known one                                                INVALID_PRODUCER_EPOCH
//   no epoch known for the producer                                          any sequence
//   new epoch                                                                must begin at 0
//   same epoch                                    must follow the last sequence (2^31-1 wraps to 0)
//   no transaction flag while the producer has one open here                 INVALID_TXN_STATE
// And may a transaction's end be written?
//   coordinator epoch below the known one                        TRANSACTION_COORDINATOR_FENCED
//   epoch below the known one                                    INVALID_PRODUCER_EPOCH
//   the same epoch, though the end of a transaction raises it (KIP-890): INVALID_PRODUCER_EPOCH,
//   unless no transaction is open here, for then the end was written before
#pragma once

#include "log/log_types.h"
#include "log/producer_entry.h"

#include <optional>

namespace milena::log {

// `known` is null when the log knows nothing of the producer. first_offset and last_offset of
// `batch` need only have the right distance. The duplicate; nullopt: append; or the refusal.
Result<std::optional<DuplicateBatch>> check_sequence(const ProducerEntry* known,
                                                     const ProducerBatch& batch,
                                                     AppendOrigin origin);

// `known` is null when the log knows nothing of the producer.
Status check_marker(const ProducerEntry* known, const TransactionEnd& end);

}  // namespace milena::log
