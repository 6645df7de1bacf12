// IncrementalAlterConfigs (44), v0-1, KIP-339; AlterConfigs (33), v0-2, KIP-133.
// Errors per resource: INVALID_REQUEST, INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION.
// Differences from Kafka: none known. Rules: semantics M6.
#include "protocol/msg/alter_configs.h"

#include "broker/api/error_message.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "protocol/msg/incremental_alter_configs.h"

namespace milena::api {
namespace {

template <class Value>
std::optional<std::string> owned(const Value& value) {
    if (value.is_null()) return std::nullopt;
    return std::string(*value);
}

template <class Resource>
metadata::ConfigResource resource_of(const Resource& from) {
    return {static_cast<metadata::ResourceType>(from.resource_type),
            std::string(from.resource_name)};
}

// Both APIs answer alike.
template <class Response, class Asked>
void answer(Reply<Response>& reply, const Asked& asked,
            const Result<metadata::ConfigReply>& result) {
    Arena arena;
    Response response;
    const auto count = result ? result->resources.size() : asked.resources.size();
    response.responses = decltype(response.responses)::make(arena, count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& resource = result ? result->resources[i].resource : asked.resources[i].resource;
        const Error& error = result ? result->resources[i].error : result.error();
        auto& out = response.responses[i];
        out.resource_type = static_cast<std::int8_t>(resource.type);
        out.resource_name = arena.copy(resource.name);
        out.error_code = error.code;
        out.error_message = message_of(arena, error);
    }
    reply.send(response);
}

template <class Response, class Asked>
void submit(Services& services, Asked asked, Reply<Response> reply) {
    auto& executor = reply.executor();
    services.controller.submit<Asked>(
        asked, executor,
        [asked, reply = std::move(reply)](Result<metadata::ConfigReply> result) mutable {
            answer(reply, asked, result);
        });
}

void incremental_alter_configs(Services& services,
                               const Request<msg::IncrementalAlterConfigsRequest>& request,
                               Reply<msg::IncrementalAlterConfigsResponse> reply) {
    metadata::IncrementalAlterConfigs asked;
    asked.validate_only = request.body.validate_only;
    for (const auto& from : request.body.resources) {
        metadata::IncrementalAlterConfigs::Resource resource{resource_of(from), {}};
        for (const auto& config : from.configs) {
            resource.changes.push_back({std::string(config.name),
                                        static_cast<metadata::ConfigOp>(config.config_operation),
                                        owned(config.value)});
        }
        asked.resources.push_back(std::move(resource));
    }
    submit(services, std::move(asked), std::move(reply));
}

void alter_configs(Services& services, const Request<msg::AlterConfigsRequest>& request,
                   Reply<msg::AlterConfigsResponse> reply) {
    metadata::AlterConfigs asked;
    asked.validate_only = request.body.validate_only;
    for (const auto& from : request.body.resources) {
        metadata::AlterConfigs::Resource resource{resource_of(from), {}};
        for (const auto& config : from.configs) {
            resource.settings.push_back({std::string(config.name), owned(config.value)});
        }
        asked.resources.push_back(std::move(resource));
    }
    submit(services, std::move(asked), std::move(reply));
}

}  // namespace

MILENA_HANDLER(IncrementalAlterConfigs, incremental_alter_configs)
MILENA_HANDLER(AlterConfigs, alter_configs)

}  // namespace milena::api
