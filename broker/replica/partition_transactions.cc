// Partition: what transactions add. Rules: storage/.../UnifiedLog.java and
// ProducerAppendInfo.java.
#include "broker/replica/partition.h"
#include "log/producer_state.h"
#include "protocol/record/control_record.h"

#include <algorithm>
#include <array>

namespace milena::replica {

std::optional<Verification> Partition::begin_verification(ProducerId id, ProducerEpoch epoch,
                                                          Sequence sequence,
                                                          Verification::Kind kind) {
    const std::lock_guard lock(mutex_);
    // Who does not lead refuses the append; nobody need be asked first.
    if (!check_open() || log_->has_open_transaction(id, epoch)) return std::nullopt;
    return verifications_.begin(id, epoch, sequence, kind);
}

void Partition::end_verification(Verification verification) {
    const std::lock_guard lock(mutex_);
    verifications_.end(verification);
}

Status Partition::check_transaction(const BatchView& batch, log::AppendOrigin origin,
                                    Verification verification) const {
    using Kind = Verification::Kind;
    const bool asked = verification.kind == Kind::added || verification.kind == Kind::implicit;
    if (verification.kind == Kind::disabled) return {};
    if (!asked && origin == log::AppendOrigin::coordinator) return {};
    const auto id = batch.producer_id();
    const auto epoch = batch.producer_epoch();
    if (log_->has_open_transaction(id, epoch)) return {};
    const auto describe = [&] {
        return "producer " + std::to_string(id.value()) + " epoch " +
               std::to_string(epoch.value()) + " on " + label_;
    };
    const auto* entry = asked ? verifications_.find(verification) : nullptr;
    if (entry == nullptr) {
        return fail(ErrorCode::INVALID_TXN_STATE,
                    describe() + ": the partition is not part of an open transaction");
    }
    if (origin == log::AppendOrigin::coordinator) return {};
    // Batches of one producer may be verified in another order than they were sent in.
    const bool overtook = entry->epoch == epoch && entry->lowest_sequence < batch.base_sequence();
    const bool must_begin_at_0 =
        verification.kind == Kind::implicit && log_->producers().find(id) == nullptr;
    if (overtook || (must_begin_at_0 && batch.base_sequence() != Sequence(0))) {
        return fail(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
                    describe() + ": the first batch of a transaction has sequence " +
                        std::to_string(batch.base_sequence().value()) + ", expected " +
                        std::to_string(overtook ? entry->lowest_sequence.value() : 0));
    }
    return {};
}

Result<AppendOutcome> Partition::append_marker(const log::TransactionEnd& end, log::LogTime now,
                                               LeaderEpoch expected) {
    BatchTraits traits;
    traits.producer_id = end.producer_id;
    traits.producer_epoch = end.producer_epoch;
    traits.transactional = true;
    const auto value = transaction_marker_value(end.marker);
    const std::array<ControlRecord, 1> records{{{end.marker.type, ByteView(value)}}};
    auto batch = build_control_batch(traits, now.wall, records);

    const std::lock_guard lock(mutex_);
    MILENA_ASSIGN(const auto epoch, may_append(Acks::all, expected));
    MILENA_TRY(log_->check_marker(end));
    MILENA_ASSIGN(auto outcome, append_new(batch, epoch, now));
    verifications_.void_ended(end.producer_id, end.producer_epoch, end.raises_epoch);
    wait_for_acknowledgement(outcome, outcome.base_offset);
    return outcome;
}

Result<std::vector<ProducerDescription>> Partition::describe_producers() {
    const std::lock_guard lock(mutex_);
    MILENA_TRY(check_open());
    MILENA_TRY(partition::check_leader(machine_.state(), kNoLeaderEpoch, label_));
    std::vector<ProducerDescription> producers;
    producers.reserve(log_->producers().size());
    for (const auto& [id, entry] : log_->producers().entries()) {
        producers.push_back({id, entry.epoch, entry.last_sequence(), entry.last_timestamp,
                             entry.coordinator_epoch, entry.current_txn_first_offset});
    }
    std::sort(producers.begin(), producers.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    return producers;
}

}  // namespace milena::replica
