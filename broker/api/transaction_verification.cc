#include "broker/api/transaction_verification.h"

#include "broker/config/keys.h"
#include "broker/replica/transaction_coordinator.h"
#include "protocol/record/batch_view.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
namespace key = config::opt::broker;
using Kind = replica::Verification::Kind;

// Producers that add partitions by producing to them.
constexpr ApiVersion kImplicit{12};
// Producers that know TRANSACTION_ABORTABLE.
constexpr ApiVersion kAbortable{11};

txn::Request request_for(TransactionQuestion question, ApiVersion produce_version) {
    if (produce_version < kImplicit) {
        return txn::VerifyPartitions{std::move(question.transactional_id), question.producer_id,
                                     question.producer_epoch, std::move(question.partitions)};
    }
    return txn::AddPartitions{std::move(question.transactional_id),
                              question.producer_id,
                              question.producer_epoch,
                              std::move(question.partitions),
                              txn::ClientVersion::implicit,
                              txn::ConnectionNumber(0)};
}

Status verdict(const Result<txn::Reply>& reply, const replica::PartitionName& partition,
               ApiVersion produce_version) {
    auto code = reply ? reply->error : reply.error().code;
    if (code == ErrorCode::NONE &&
        txn::contains(reply->missing, partition.topic, partition.index)) {
        code = ErrorCode::TRANSACTION_ABORTABLE;
    }
    if (code == ErrorCode::NONE) return {};
    return fail(verification_error(code, produce_version),
                "the coordinator of the transaction does not let it write to " + partition.label() +
                    ": " + error_name(code));
}

}  // namespace

Kind verification_kind(const config::Settings& settings, ApiVersion produce_version) {
    if (produce_version >= kImplicit) return Kind::implicit;
    return settings.get(key::transaction_partition_verification_enable) ? Kind::added
                                                                        : Kind::disabled;
}

ErrorCode verification_error(ErrorCode coordinator, ApiVersion produce_version) {
    switch (coordinator) {
        case ErrorCode::TRANSACTION_ABORTABLE:
            return produce_version < kAbortable ? ErrorCode::INVALID_TXN_STATE : coordinator;
        case ErrorCode::PRODUCER_FENCED:
            return ErrorCode::INVALID_PRODUCER_EPOCH;
        case ErrorCode::CONCURRENT_TRANSACTIONS:
            return produce_version < kImplicit ? ErrorCode::NOT_ENOUGH_REPLICAS : coordinator;
        // Retriable for every producer, and does not make it fetch metadata.
        case ErrorCode::NETWORK_EXCEPTION:
        case ErrorCode::COORDINATOR_LOAD_IN_PROGRESS:
        case ErrorCode::COORDINATOR_NOT_AVAILABLE:
        case ErrorCode::NOT_COORDINATOR:
            return ErrorCode::NOT_ENOUGH_REPLICAS;
        default:
            return coordinator;
    }
}

std::optional<TransactionQuestion> transaction_question(
    std::string_view transactional_id, const std::vector<UnverifiedAppend>& unverified) {
    if (unverified.empty()) return std::nullopt;
    const BatchView first(unverified.front().batch);
    TransactionQuestion question{
        std::string(transactional_id), first.producer_id(), first.producer_epoch(), {}};
    for (const auto& append : unverified) {
        const auto& name = append.partition->name();
        txn::add_partition(question.partitions, name.topic, name.index);
    }
    return question;
}

void ask_coordinator(Services& services, TransactionQuestion question, ApiVersion produce_version,
                     std::shared_ptr<ProduceWaiter> waiter) {
    const auto id = question.transactional_id;
    services.transactions.submit(
        id, request_for(std::move(question), produce_version),
        [&services, waiter = std::move(waiter), produce_version](Result<txn::Reply> reply) {
            waiter->executor().post([&services, waiter, produce_version, reply = std::move(reply)] {
                waiter->on_verified(
                    [&](const replica::PartitionName& partition) {
                        return verdict(reply, partition, produce_version);
                    },
                    services.now());
            });
        });
}

}  // namespace milena::api
