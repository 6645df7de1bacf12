// ConsumerGroupHeartbeat (68), v0-1. KIP-848.
// Errors: INVALID_REQUEST, UNSUPPORTED_VERSION (the consumer protocol is off), those of the group
// machine (semantics H1-H9, I2) and of the coordinator host.
// Differences from Kafka: none known.
#include "protocol/msg/consumer_group_heartbeat.h"

#include "broker/api/error_message.h"
#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"

namespace milena::api {
namespace {

using Body = msg::ConsumerGroupHeartbeatRequest;
using Response = msg::ConsumerGroupHeartbeatResponse;
using Answer = group::ConsumerGroupHeartbeat::Reply;

constexpr ApiVersion kClientMakesMemberId{1};

group::ConsumerGroupHeartbeat question(const Request<Body>& request) {
    const auto& body = request.body;
    group::ConsumerGroupHeartbeat asked;
    asked.group_id = body.group_id;
    asked.member_id = body.member_id;
    asked.member_epoch = body.member_epoch;
    asked.instance_id = owned(body.instance_id);
    asked.rack = owned(body.rack_id);
    if (body.rebalance_timeout_ms != Millis(-1))
        asked.rebalance_timeout = body.rebalance_timeout_ms;
    if (!body.subscribed_topic_names.is_null()) {
        asked.subscribed_topics.emplace(body.subscribed_topic_names.begin(),
                                        body.subscribed_topic_names.end());
    }
    asked.subscribed_regex = owned(body.subscribed_topic_regex);
    asked.server_assignor = owned(body.server_assignor);
    if (!body.topic_partitions.is_null()) {
        asked.owned.emplace();
        for (const auto& topic : body.topic_partitions) {
            asked.owned->push_back(
                {topic.topic_id, {topic.partitions.begin(), topic.partitions.end()}});
        }
    }
    asked.client = client_of(request);
    asked.may_lack_member_id = request.version < kClientMakesMemberId;
    return asked;
}

void answer(const Answer& result, Reply<Response>& reply) {
    Arena arena;
    Response response;
    response.error_code = result.error.code;
    response.error_message = message_of(arena, result.error);
    response.member_id = nullable(result.member_id);
    response.member_epoch = result.member_epoch;
    response.heartbeat_interval_ms = result.heartbeat_interval;
    if (result.assignment) {
        auto& topics = response.assignment.emplace().topic_partitions;
        topics = Array<Response::TopicPartitions>::make(arena, result.assignment->size());
        for (std::size_t i = 0; i < topics.size(); ++i) {
            const auto& from = (*result.assignment)[i];
            topics[i].topic_id = from.topic;
            topics[i].partitions = Array<PartitionIndex>::make(arena, from.partitions.size());
            std::copy(from.partitions.begin(), from.partitions.end(), topics[i].partitions.begin());
        }
    }
    reply.send(response);
}

void consumer_group_heartbeat(Services& services, const Request<Body>& request,
                              Reply<Response> reply) {
    ask_group(services, question(request),
              [reply = std::move(reply)](const Answer& result) mutable { answer(result, reply); });
}

}  // namespace

MILENA_HANDLER(ConsumerGroupHeartbeat, consumer_group_heartbeat)

}  // namespace milena::api
