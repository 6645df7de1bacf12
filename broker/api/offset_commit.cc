// OffsetCommit (8), v2-10. KIP-211 (retention), KIP-345 (static members), KIP-848 (member epochs),
// topic ids from v10 on.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID (v10+), those of the group
// machine (semantics G14) and of the coordinator host.
// Differences from Kafka: none known.
#include "protocol/msg/offset_commit.h"

#include "broker/api/commit_plan.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::OffsetCommitRequest;
using Response = msg::OffsetCommitResponse;

constexpr ApiVersion kMemberEpochs{9};
constexpr ApiVersion kTopicIds{10};

CommitPlan plan_of(const Services& services, const Request<Body>& request) {
    const auto image = services.controller.image();
    const bool by_id = request.version >= kTopicIds;
    CommitPlan plan;
    for (const auto& topic : request.body.topics) {
        const auto* known = by_id ? image->topic(topic.topic_id) : image->topic(topic.name);
        plan.begin_topic(
            topic.name, topic.topic_id, known,
            by_id ? ErrorCode::UNKNOWN_TOPIC_ID : ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
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

void offset_commit(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto& body = request.body;
    auto plan = plan_of(services, request);
    if (plan.asks_nothing()) return answer(plan, reply);
    group::OffsetCommit asked;
    asked.group_id = body.group_id;
    asked.member = claim_of(body, body.generation_id_or_member_epoch);
    if (body.retention_time_ms >= Millis(0)) asked.retention = body.retention_time_ms;
    asked.supports_member_epoch = request.version >= kMemberEpochs;
    asked.topics = plan.take_asked();
    ask_group(services, std::move(asked),
              [plan = std::move(plan),
               reply = std::move(reply)](const group::OffsetCommit::Reply& result) mutable {
                  plan.merge(result);
                  answer(plan, reply);
              });
}

}  // namespace

MILENA_HANDLER(OffsetCommit, offset_commit)

}  // namespace milena::api
