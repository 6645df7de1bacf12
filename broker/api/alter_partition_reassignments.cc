// AlterPartitionReassignments (45), v0-1. KIP-455, KIP-860.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, INVALID_REPLICA_ASSIGNMENT,
// INVALID_REPLICATION_FACTOR, NO_REASSIGNMENT_IN_PROGRESS. Differences from Kafka: none known.
// Rules: semantics M11.
#include "protocol/msg/alter_partition_reassignments.h"

#include "broker/api/error_message.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::AlterPartitionReassignmentsRequest;
using Response = msg::AlterPartitionReassignmentsResponse;
using Asked = metadata::AlterPartitionReassignments;

Asked controller_request(const Body& body) {
    Asked asked;
    asked.allow_replication_factor_change = body.allow_replication_factor_change;
    for (const auto& from : body.topics) {
        Asked::Topic topic{std::string(from.name), {}};
        for (const auto& partition : from.partitions) {
            auto& to = topic.partitions.emplace_back();
            to.index = partition.partition_index;
            if (partition.replicas.is_null()) continue;
            to.replicas.emplace(partition.replicas.begin(), partition.replicas.end());
        }
        asked.topics.push_back(std::move(topic));
    }
    return asked;
}

void alter_partition_reassignments(Services& services, const Request<Body>& request,
                                   Reply<Response> reply) {
    const bool any_factor = request.body.allow_replication_factor_change;
    if (request.body.topics.empty()) {
        // Kafka's broker answers this by itself, with an empty message instead of none.
        Response response;
        response.allow_replication_factor_change = any_factor;
        return reply.send(response);
    }
    auto& executor = reply.executor();
    services.controller.submit<Asked>(
        controller_request(request.body), executor,
        [any_factor, reply = std::move(reply)](Result<Asked::Reply> result) mutable {
            Arena arena;
            Response response;
            response.allow_replication_factor_change = any_factor;
            response.error_message = {};
            if (!result) {
                response.error_code = result.error().code;
                response.error_message = message_of(arena, result.error());
                return reply.send(response);
            }
            const std::size_t count = result->topics.size();
            response.responses = decltype(response.responses)::make(arena, count);
            for (std::size_t i = 0; i < count; ++i) {
                const auto& from = result->topics[i];
                auto& topic = response.responses[i];
                topic.name = arena.copy(from.name);
                topic.partitions = decltype(topic.partitions)::make(arena, from.partitions.size());
                for (std::size_t j = 0; j < from.partitions.size(); ++j) {
                    topic.partitions[j].partition_index = from.partitions[j].index;
                    topic.partitions[j].error_code = from.partitions[j].error.code;
                    topic.partitions[j].error_message = message_of(arena, from.partitions[j].error);
                }
            }
            reply.send(response);
        });
}

}  // namespace

MILENA_HANDLER(AlterPartitionReassignments, alter_partition_reassignments)

}  // namespace milena::api
