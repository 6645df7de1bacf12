#include "log/sequence_check.h"

#include <string>

namespace milena::log {
namespace {

std::string describe(const ProducerBatch& batch) {
    return "producer " + std::to_string(batch.producer_id.value()) + " epoch " +
           std::to_string(batch.producer_epoch.value()) + ", batch from sequence " +
           std::to_string(batch.base_sequence.value());
}

std::optional<DuplicateBatch> find_duplicate(const ProducerEntry& known,
                                             const ProducerBatch& batch) {
    if (known.epoch != batch.producer_epoch) return std::nullopt;
    for (std::size_t i = 0; i < known.batch_count; ++i) {
        const auto& seen = known.batches[i];
        if (seen.first_sequence() == batch.base_sequence &&
            seen.last_sequence == batch.last_sequence()) {
            return DuplicateBatch{seen.first_offset(), seen.last_offset, seen.timestamp};
        }
    }
    return std::nullopt;
}

// What may come next; nullopt: anything.
std::optional<Sequence> expected_sequence(const ProducerEntry& known, ProducerEpoch epoch) {
    if (known.epoch == kNoProducerEpoch) return std::nullopt;
    if (known.epoch != epoch || known.batch_count == 0) return Sequence{0};
    return sequence_after(known.last_sequence(), 1);
}

}  // namespace

Result<std::optional<DuplicateBatch>> check_sequence(const ProducerEntry* known,
                                                     const ProducerBatch& batch,
                                                     AppendOrigin origin) {
    if (known == nullptr) return std::nullopt;
    if (origin == AppendOrigin::client) {
        if (auto duplicate = find_duplicate(*known, batch)) return duplicate;
    }
    if (batch.producer_epoch < known->epoch) {
        return fail(ErrorCode::INVALID_PRODUCER_EPOCH,
                    describe(batch) + ": epoch " + std::to_string(known->epoch.value()) +
                        " has written here already, a newer producer took over");
    }
    if (origin == AppendOrigin::client) {
        const auto expected = expected_sequence(*known, batch.producer_epoch);
        if (expected && *expected != batch.base_sequence) {
            return fail(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
                        describe(batch) + ": expected " + std::to_string(expected->value()) +
                            " (last known " + std::to_string(known->last_sequence().value()) +
                            " of epoch " + std::to_string(known->epoch.value()) + ")");
        }
    }
    if (known->has_open_transaction() && !batch.transactional) {
        return fail(ErrorCode::INVALID_TXN_STATE,
                    describe(batch) +
                        " belongs to no transaction, but this producer has one open "
                        "here since offset " +
                        std::to_string(known->current_txn_first_offset.value()));
    }
    return std::nullopt;
}

Status check_marker(const ProducerEntry* known, const TransactionEnd& end) {
    if (known == nullptr) return {};
    const auto describe_end = [&] {
        return "the end of a transaction of producer " + std::to_string(end.producer_id.value()) +
               " epoch " + std::to_string(end.producer_epoch.value());
    };
    if (end.marker.coordinator_epoch < known->coordinator_epoch) {
        return fail(ErrorCode::TRANSACTION_COORDINATOR_FENCED,
                    describe_end() + " by the coordinator of epoch " +
                        std::to_string(end.marker.coordinator_epoch) + ": that of epoch " +
                        std::to_string(known->coordinator_epoch) + " took over");
    }
    const bool too_old = end.producer_epoch < known->epoch;
    const bool not_raised =
        end.raises_epoch && end.producer_epoch == known->epoch && known->has_open_transaction();
    if (too_old || not_raised) {
        return fail(ErrorCode::INVALID_PRODUCER_EPOCH, describe_end() + ": epoch " +
                                                           std::to_string(known->epoch.value()) +
                                                           " has written here already");
    }
    return {};
}

}  // namespace milena::log
