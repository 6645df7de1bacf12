// ElectLeaders (43), v0-2. KIP-183, KIP-460.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, ELECTION_NOT_NEEDED,
// PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE; top level INVALID_REQUEST.
// Differences from Kafka: none known. Rules: semantics M10.
#include "protocol/msg/elect_leaders.h"

#include "broker/api/error_message.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::ElectLeadersRequest;
using Response = msg::ElectLeadersResponse;
using Asked = metadata::ElectLeaders;

Asked controller_request(const Body& body) {
    Asked asked;
    asked.type = static_cast<metadata::ElectionType>(body.election_type);
    if (body.topic_partitions.is_null()) return asked;
    asked.topics.emplace();
    for (const auto& from : body.topic_partitions) {
        asked.topics->push_back(
            {std::string(from.topic), {from.partitions.begin(), from.partitions.end()}});
    }
    return asked;
}

// What fails as a whole fails for each partition that was named; without any, nothing fails.
Asked::Reply refused(const Asked& asked, const Error& error) {
    Asked::Reply reply{error, {}};
    if (!asked.topics) return reply;
    if (asked.topics->empty()) reply.error = metadata::success();
    for (const auto& topic : *asked.topics) {
        auto& answer = reply.topics.emplace_back();
        answer.name = topic.name;
        for (const auto index : topic.partitions) answer.partitions.push_back({index, error});
    }
    return reply;
}

Response response_of(const Asked::Reply& reply, Arena& arena) {
    Response response;
    response.error_code = reply.error.code;
    auto& topics = response.replica_election_results;
    topics = Array<Response::ReplicaElectionResult>::make(arena, reply.topics.size());
    for (std::size_t i = 0; i < topics.size(); ++i) {
        const auto& from = reply.topics[i];
        topics[i].topic = from.name;
        auto& partitions = topics[i].partition_result;
        partitions = Array<Response::PartitionResult>::make(arena, from.partitions.size());
        for (std::size_t j = 0; j < partitions.size(); ++j) {
            partitions[j].partition_id = from.partitions[j].index;
            partitions[j].error_code = from.partitions[j].error.code;
            partitions[j].error_message = message_of(arena, from.partitions[j].error);
        }
    }
    return response;
}

void elect_leaders(Services& services, const Request<Body>& request, Reply<Response> reply) {
    auto asked = controller_request(request.body);
    auto& executor = reply.executor();
    services.controller.submit<Asked>(
        asked, executor, [asked, reply = std::move(reply)](Result<Asked::Reply> result) mutable {
            Arena arena;
            if (!result) {
                result = refused(asked, result.error());
            } else if (result->error.code != ErrorCode::NONE) {
                result = refused(asked, result->error);
            }
            reply.send(response_of(*result, arena));
        });
}

}  // namespace

MILENA_HANDLER(ElectLeaders, elect_leaders)

}  // namespace milena::api
