// DeleteTopics (20), v1-6. KIP-516 (by id), KIP-599.
// Errors per topic: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, INVALID_REQUEST (named twice, or
// by name and id at once), TOPIC_DELETION_DISABLED (INVALID_REQUEST before v3).
// Differences from Kafka: none known.
#include "protocol/msg/delete_topics.h"

#include "broker/api/error_message.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::DeleteTopicsRequest;
using Response = msg::DeleteTopicsResponse;

metadata::DeleteTopics controller_request(const Request<Body>& request) {
    metadata::DeleteTopics asked;
    if (request.version < ApiVersion(6)) {
        for (const auto name : request.body.topic_names) {
            asked.topics.push_back({std::string(name), TopicId{}});
        }
        return asked;
    }
    for (const auto& topic : request.body.topics) {
        std::optional<std::string> name;
        if (topic.name.has_value()) name = std::string(*topic.name);
        asked.topics.push_back({std::move(name), topic.topic_id});
    }
    return asked;
}

NullableString nullable(const std::optional<std::string>& name) {
    return name ? NullableString(*name) : NullableString();
}

void answer_all(Reply<Response>& reply, const metadata::DeleteTopics& asked, const Error& error) {
    Arena arena;
    Response response;
    response.responses = decltype(response.responses)::make(arena, asked.topics.size());
    for (std::size_t i = 0; i < asked.topics.size(); ++i) {
        auto& out = response.responses[i];
        out.name = nullable(asked.topics[i].name);
        out.topic_id = asked.topics[i].id;
        out.error_code = error.code;
        out.error_message = message_of(arena, error);
    }
    reply.send(response);
}

void answer(Reply<Response>& reply, const metadata::DeleteTopics::Reply& result) {
    Arena arena;
    Response response;
    response.responses = decltype(response.responses)::make(arena, result.topics.size());
    for (std::size_t i = 0; i < result.topics.size(); ++i) {
        auto& out = response.responses[i];
        const auto& topic = result.topics[i];
        out.name = nullable(topic.name);
        out.topic_id = topic.id;
        out.error_code = topic.error.code;
        out.error_message = message_of(arena, topic.error);
    }
    reply.send(response);
}

void delete_topics(Services& services, const Request<Body>& request, Reply<Response> reply) {
    auto asked = controller_request(request);
    if (!services.settings()->get(config::opt::broker::delete_topic_enable)) {
        const auto code = request.version < ApiVersion(3) ? ErrorCode::INVALID_REQUEST
                                                          : ErrorCode::TOPIC_DELETION_DISABLED;
        answer_all(reply, asked, {code, "delete.topic.enable is false on this cluster"});
        return;
    }
    auto& executor = reply.executor();
    services.controller.submit<metadata::DeleteTopics>(
        asked, executor,
        [asked, reply = std::move(reply)](Result<metadata::DeleteTopics::Reply> result) mutable {
            if (result) {
                answer(reply, *result);
            } else {
                answer_all(reply, asked, result.error());
            }
        });
}

}  // namespace

MILENA_HANDLER(DeleteTopics, delete_topics)

}  // namespace milena::api
