// CreateTopics (19), v2-7. KIP-464 (broker defaults), KIP-525 (configs in the answer), KIP-516.
// Errors per topic: TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS,
// INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT, INVALID_CONFIG, INVALID_REQUEST,
// POLICY_VIOLATION. Differences from Kafka: the partitions of a new topic lead before the answer
// leaves; Kafka may still refuse the first requests to them.
#include "protocol/msg/create_topics.h"

#include "broker/api/error_message.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "broker/config/describe.h"

#include <algorithm>

namespace milena::api {
namespace {

using Body = msg::CreateTopicsRequest;
using Response = msg::CreateTopicsResponse;

metadata::CreateTopics controller_request(const Body& body) {
    metadata::CreateTopics request;
    request.validate_only = body.validate_only;
    for (const auto& from : body.topics) {
        metadata::CreateTopics::Topic topic;
        topic.name = from.name;
        topic.partitions = from.num_partitions;
        topic.replication_factor = from.replication_factor;
        for (const auto& assignment : from.assignments) {
            topic.assignments.push_back(
                {assignment.partition_index,
                 {assignment.broker_ids.begin(), assignment.broker_ids.end()}});
        }
        for (const auto& config : from.configs) {
            std::optional<std::string> value;
            if (config.value.has_value()) value = std::string(*config.value);
            topic.settings.push_back({std::string(config.name), std::move(value)});
        }
        request.topics.push_back(std::move(topic));
    }
    return request;
}

// What the request asked for. A topic that is only validated is in no image.
config::ConfigMap own_settings(const metadata::CreateTopics& asked, std::string_view topic) {
    config::ConfigMap own;
    const auto found = std::find_if(asked.topics.begin(), asked.topics.end(),
                                    [&](const auto& t) { return t.name == topic; });
    if (found == asked.topics.end()) return own;
    for (const auto& setting : found->settings) {
        if (setting.value) own[setting.name] = *setting.value;
    }
    return own;
}

Response::CreatableTopicResult describe(Arena& arena, Services& services,
                                        const metadata::CreateTopics::Reply::Topic& topic,
                                        const metadata::CreateTopics& asked) {
    Response::CreatableTopicResult result;
    result.name = arena.copy(topic.name);
    result.topic_id = topic.id;
    result.error_code = topic.error.code;
    result.error_message = message_of(arena, topic.error);
    if (topic.error.code != ErrorCode::NONE) return result;
    result.num_partitions = topic.partitions;
    result.replication_factor = topic.replication_factor;
    const auto entries =
        config::describe_topic(*services.settings(), own_settings(asked, topic.name));
    result.configs = decltype(result.configs)::make(arena, entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& config = result.configs[i];
        config.name = arena.copy(entries[i].name);
        if (entries[i].value) config.value = arena.copy(*entries[i].value);
        config.read_only = entries[i].read_only;
        config.config_source = static_cast<std::int8_t>(entries[i].source);
        config.is_sensitive = entries[i].sensitive;
    }
    return result;
}

void answer(Services& services, Reply<Response>& reply,
            const Result<metadata::CreateTopics::Reply>& result,
            const metadata::CreateTopics& asked) {
    Arena arena;
    Response response;
    if (!result) {
        response.topics = decltype(response.topics)::make(arena, asked.topics.size());
        for (std::size_t i = 0; i < asked.topics.size(); ++i) {
            response.topics[i].name = asked.topics[i].name;
            response.topics[i].error_code = result.error().code;
            response.topics[i].error_message = message_of(arena, result.error());
        }
        reply.send(response);
        return;
    }
    response.topics = decltype(response.topics)::make(arena, result->topics.size());
    for (std::size_t i = 0; i < result->topics.size(); ++i) {
        response.topics[i] = describe(arena, services, result->topics[i], asked);
    }
    reply.send(response);
}

void create_topics(Services& services, const Request<Body>& request, Reply<Response> reply) {
    auto asked = controller_request(request.body);
    auto& executor = reply.executor();
    services.controller.submit<metadata::CreateTopics>(
        asked, executor,
        [&services, asked,
         reply = std::move(reply)](Result<metadata::CreateTopics::Reply> result) mutable {
            answer(services, reply, result, asked);
        });
}

}  // namespace

MILENA_HANDLER(CreateTopics, create_topics)

}  // namespace milena::api
