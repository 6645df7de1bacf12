// TxnOffsetCommit (28), v0-5. KIP-98, KIP-447 (member and generation), KIP-890 (v5: adds the
// group's partition to the transaction).
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, those of the group machine (semantics G19), of
// the transaction coordinator (INVALID_TXN_STATE, INVALID_PRODUCER_EPOCH ...) and of the
// coordinator host.
// Differences from Kafka: while the coordinator of the transaction is not to be had, or is busy
// with the transaction before, producers of before v5 are told COORDINATOR_LOAD_IN_PROGRESS. Kafka
// hands on NOT_COORDINATOR, which sends them looking for the group's, and CONCURRENT_TRANSACTIONS,
// which they take for the end.
#include "protocol/msg/txn_offset_commit.h"

#include "broker/api/commit_plan.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "broker/api/transaction_verification.h"
#include "broker/replica/group_coordinator.h"
#include "broker/replica/partition_table.h"
#include "broker/replica/transaction_coordinator.h"

namespace milena::api {
namespace {

using Body = msg::TxnOffsetCommitRequest;
using Response = msg::TxnOffsetCommitResponse;
namespace txn = coordinator::txn;

CommitPlan plan_of(const Services& services, const Request<Body>& request) {
    const auto image = services.controller.image();
    CommitPlan plan;
    for (const auto& topic : request.body.topics) {
        plan.begin_topic(topic.name, TopicId{}, image->topic(topic.name),
                         ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        for (const auto& partition : topic.partitions) plan.add(partition);
    }
    return plan;
}

void answer(const CommitPlan& plan, Reply<Response>& reply) {
    Arena arena;
    Response response;
    plan.fill(arena, response);
    reply.send(response);
}

// A commit on its way: first the transaction is asked for its consent, then the group is.
struct Commit {
    group::TxnOffsetCommit asked;
    CommitPlan plan;
    Reply<Response> reply;
    // Where the group's positions are written, and what holds its place in the transaction.
    std::shared_ptr<replica::Partition> partition;
    replica::Verification verification;
};

void finish(Commit& commit, const group::OffsetCommit::Reply& result) {
    if (commit.partition) commit.partition->end_verification(commit.verification);
    commit.plan.merge(result);
    answer(commit.plan, commit.reply);
}

void ask_the_group(Services& services, const std::shared_ptr<Commit>& commit) {
    ask_group(
        services, std::move(commit->asked),
        [commit](const group::OffsetCommit::Reply& result) { finish(*commit, result); },
        commit->verification);
}

void ask_the_transaction(Services& services, PartitionIndex shard,
                         const std::shared_ptr<Commit>& commit) {
    const auto knows = producer_of_offsets(commit->reply.version());
    const auto& asked = commit->asked;
    TransactionQuestion question{
        asked.transactional_id, asked.producer_id, asked.producer_epoch, {}};
    txn::add_partition(question.partitions, kGroupTopic, shard);
    services.transactions.submit_anywhere(
        leader_question(std::move(question), knows),
        [&services, shard, knows, commit](const Result<txn::Reply>& answer) {
            // Retriable, and the producer does not look for another coordinator of the group.
            const auto code = verification_error(answer, kGroupTopic, shard, knows,
                                                 ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
            if (code == ErrorCode::NONE) return ask_the_group(services, commit);
            group::OffsetCommit::Reply refused;
            refused.error = {code, "the transaction does not take these offsets"};
            finish(*commit, refused);
        });
}

void txn_offset_commit(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto& body = request.body;
    auto commit = std::make_shared<Commit>(
        Commit{{}, plan_of(services, request), std::move(reply), nullptr, {}});
    if (commit->plan.asks_nothing()) return answer(commit->plan, commit->reply);
    auto& asked = commit->asked;
    asked.group_id = body.group_id;
    asked.transactional_id = body.transactional_id;
    asked.producer_id = body.producer_id;
    asked.producer_epoch = body.producer_epoch;
    asked.member = claim_of(body, body.generation_id);
    asked.topics = commit->plan.take_asked();

    const auto kind = verification_kind(*services.settings(), producer_of_offsets(request.version));
    const auto shard = services.groups.shard_of(asked.group_id);
    const auto image = services.controller.image();
    const auto* topic = image->topic(kGroupTopic);
    const bool wanted = kind != replica::Verification::Kind::disabled;
    if (!wanted || !shard || topic == nullptr) return ask_the_group(services, commit);
    const auto partition = services.partitions.find(topic->id, *shard);
    if (!partition) return ask_the_group(services, commit);
    // Absent when the transaction is open on the group's partition already.
    const auto verification =
        partition->begin_verification(asked.producer_id, asked.producer_epoch, kNoSequence, kind);
    if (!verification) return ask_the_group(services, commit);
    commit->partition = partition;
    commit->verification = *verification;
    ask_the_transaction(services, *shard, commit);
}

}  // namespace

MILENA_HANDLER(TxnOffsetCommit, txn_offset_commit)

}  // namespace milena::api
