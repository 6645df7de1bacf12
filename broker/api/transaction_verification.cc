#include "broker/api/transaction_verification.h"

#include "broker/config/keys.h"
#include "broker/replica/transaction_coordinator.h"
#include "protocol/record/batch_view.h"

namespace milena::api {
namespace {

namespace txn = coordinator::txn;
using Kind = replica::Verification::Kind;

ErrorCode told(ErrorCode code, ProducerKnows knows, ErrorCode later) {
    switch (code) {
        case ErrorCode::TRANSACTION_ABORTABLE:
            return knows == ProducerKnows::nothing ? ErrorCode::INVALID_TXN_STATE : code;
        case ErrorCode::PRODUCER_FENCED:
            return ErrorCode::INVALID_PRODUCER_EPOCH;
        case ErrorCode::CONCURRENT_TRANSACTIONS:
            return knows == ProducerKnows::implicit ? code : later;
        case ErrorCode::NETWORK_EXCEPTION:
        case ErrorCode::COORDINATOR_LOAD_IN_PROGRESS:
        case ErrorCode::COORDINATOR_NOT_AVAILABLE:
        case ErrorCode::NOT_COORDINATOR:
            return later;
        default:
            return code;
    }
}

Status verdict(const Result<txn::Reply>& answer, const replica::PartitionName& partition,
               ProducerKnows knows) {
    const auto code = verification_error(answer, partition.topic, partition.index, knows,
                                         ErrorCode::NOT_ENOUGH_REPLICAS);
    if (code == ErrorCode::NONE) return {};
    return fail(code, "the coordinator of the transaction does not let it write to " +
                          partition.label() + ": " + error_name(code));
}

}  // namespace

ProducerKnows producer_of_produce(ApiVersion version) {
    if (version >= ApiVersion(12)) return ProducerKnows::implicit;
    return version >= ApiVersion(11) ? ProducerKnows::abortable : ProducerKnows::nothing;
}

ProducerKnows producer_of_offsets(ApiVersion version) {
    if (version >= ApiVersion(5)) return ProducerKnows::implicit;
    return version >= ApiVersion(4) ? ProducerKnows::abortable : ProducerKnows::nothing;
}

Kind verification_kind(const config::Settings& settings, ProducerKnows knows) {
    if (knows == ProducerKnows::implicit) return Kind::implicit;
    const bool verifies =
        settings.get(config::opt::broker::transaction_partition_verification_enable);
    return verifies ? Kind::added : Kind::disabled;
}

txn::LeaderQuestion leader_question(TransactionQuestion question, ProducerKnows knows) {
    if (knows != ProducerKnows::implicit) {
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

ErrorCode verification_error(const Result<txn::Reply>& answer, std::string_view topic,
                             PartitionIndex index, ProducerKnows knows, ErrorCode later) {
    auto code = answer ? answer->error : answer.error().code;
    if (code == ErrorCode::NONE && txn::contains(answer->missing, topic, index)) {
        code = ErrorCode::TRANSACTION_ABORTABLE;
    }
    return told(code, knows, later);
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
    const auto knows = producer_of_produce(produce_version);
    services.transactions.submit_anywhere(
        leader_question(std::move(question), knows),
        [&services, waiter = std::move(waiter), knows](Result<txn::Reply> reply) {
            waiter->executor().post([&services, waiter, knows, reply = std::move(reply)] {
                waiter->on_verified(
                    [&](const replica::PartitionName& partition) {
                        return verdict(reply, partition, knows);
                    },
                    services.now());
            });
        });
}

}  // namespace milena::api
