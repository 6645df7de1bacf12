// CreatePartitions (37), v0-3. KIP-195.
// Errors per topic: UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT,
// INVALID_REQUEST. Differences from Kafka: the new partitions lead before the answer leaves.
#include "protocol/msg/create_partitions.h"

#include "broker/api/error_message.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::CreatePartitionsRequest;
using Response = msg::CreatePartitionsResponse;
using Asked = metadata::CreatePartitions;

Asked controller_request(const Body& body) {
    Asked asked;
    asked.validate_only = body.validate_only;
    for (const auto& from : body.topics) {
        Asked::Topic topic;
        topic.name = from.name;
        topic.count = from.count;
        if (!from.assignments.is_null()) {
            topic.assignments.emplace();
            for (const auto& assignment : from.assignments) {
                topic.assignments->emplace_back(assignment.broker_ids.begin(),
                                                assignment.broker_ids.end());
            }
        }
        asked.topics.push_back(std::move(topic));
    }
    return asked;
}

void create_partitions(Services& services, const Request<Body>& request, Reply<Response> reply) {
    auto asked = controller_request(request.body);
    auto& executor = reply.executor();
    services.controller.submit<Asked>(
        asked, executor, [asked, reply = std::move(reply)](Result<Asked::Reply> result) mutable {
            Arena arena;
            Response response;
            const auto count = result ? result->topics.size() : asked.topics.size();
            response.results = decltype(response.results)::make(arena, count);
            for (std::size_t i = 0; i < count; ++i) {
                auto& out = response.results[i];
                const Error& error = result ? result->topics[i].error : result.error();
                out.name = arena.copy(result ? result->topics[i].name : asked.topics[i].name);
                out.error_code = error.code;
                out.error_message = message_of(arena, error);
            }
            reply.send(response);
        });
}

}  // namespace

MILENA_HANDLER(CreatePartitions, create_partitions)

}  // namespace milena::api
