// DescribeConfigs (32), v1-4. KIP-133, KIP-226 (synonyms), KIP-569 (types and documentation).
// Errors per resource: UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, INVALID_REQUEST
// (another broker, or a type that has no settings). Differences from Kafka: documentation in our
// own words; broker loggers have no settings. Rules: semantics M8-M9.
#include "protocol/msg/describe_configs.h"

#include "broker/api/config_view.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "replication/metadata/topic_names.h"

#include <vector>

namespace milena::api {
namespace {

using Body = msg::DescribeConfigsRequest;
using Response = msg::DescribeConfigsResponse;
using metadata::ResourceType;

Result<std::vector<config::Described>> describe_topic(const Services& services,
                                                      std::string_view name,
                                                      config::NameFilter names) {
    const auto image = services.controller.image();
    if (image->topic(name) != nullptr) return topic_config_view(services, *image, name, names);
    MILENA_TRY(metadata::check_topic_name(name));
    return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                "there is no topic '" + std::string(name) + "'");
}

Result<std::vector<config::Described>> describe_broker(const Services& services,
                                                       std::string_view name,
                                                       config::NameFilter names) {
    const auto settings = services.settings();
    if (name.empty()) return config::describe_all_brokers(*settings, names);
    if (name == std::to_string(services.self.value())) {
        return config::describe_broker(*settings, names);
    }
    return fail(ErrorCode::INVALID_REQUEST,
                "broker " + std::to_string(services.self.value()) +
                    " answers for its own settings and for '' (all brokers), not for '" +
                    std::string(name) + "'");
}

Result<std::vector<config::Described>> describe(const Services& services,
                                                const Body::DescribeConfigsResource& resource) {
    std::vector<std::string_view> wanted;
    config::NameFilter names = nullptr;
    // No key at all asks for all of them, as null does.
    if (!resource.configuration_keys.is_null() && !resource.configuration_keys.empty()) {
        wanted.assign(resource.configuration_keys.begin(), resource.configuration_keys.end());
        names = &wanted;
    }
    const auto image = services.controller.image();
    const auto type = static_cast<ResourceType>(resource.resource_type);
    switch (type) {
        case ResourceType::topic:
            return describe_topic(services, resource.resource_name, names);
        case ResourceType::broker:
            return describe_broker(services, resource.resource_name, names);
        case ResourceType::group:
            return config::describe_group(*services.settings(),
                                          image->config(type, resource.resource_name), names);
        case ResourceType::client_metrics:
            return config::describe_client_metrics(image->config(type, resource.resource_name),
                                                   names);
        case ResourceType::broker_logger:
            break;
    }
    return fail(ErrorCode::INVALID_REQUEST,
                "resource type " + std::to_string(resource.resource_type) + " has no settings");
}

NullableString copy_value(Arena& arena, const std::optional<std::string>& value) {
    return value ? NullableString(arena.copy(*value)) : NullableString();
}

Response::DescribeConfigsResourceResult encode_entry(const Request<Body>& request,
                                                     const config::Described& from) {
    auto& arena = request.arena;
    Response::DescribeConfigsResourceResult entry;
    entry.name = arena.copy(from.name);
    entry.value = copy_value(arena, from.value);
    entry.read_only = from.read_only;
    entry.config_source = static_cast<std::int8_t>(from.source);
    entry.is_sensitive = from.sensitive;
    entry.config_type = static_cast<std::int8_t>(from.type);
    entry.documentation =
        request.body.include_documentation ? NullableString(from.documentation) : NullableString();
    if (request.body.include_synonyms) {
        entry.synonyms = decltype(entry.synonyms)::make(arena, from.synonyms.size());
        for (std::size_t i = 0; i < from.synonyms.size(); ++i) {
            entry.synonyms[i].name = arena.copy(from.synonyms[i].name);
            entry.synonyms[i].value = copy_value(arena, from.synonyms[i].value);
            entry.synonyms[i].source = static_cast<std::int8_t>(from.synonyms[i].source);
        }
    }
    return entry;
}

void describe_configs(Services& services, const Request<Body>& request, Reply<Response> reply) {
    Response response;
    const auto& resources = request.body.resources;
    response.results = decltype(response.results)::make(request.arena, resources.size());
    for (std::size_t r = 0; r < resources.size(); ++r) {
        auto& out = response.results[r];
        out.resource_type = resources[r].resource_type;
        out.resource_name = resources[r].resource_name;
        const auto entries = describe(services, resources[r]);
        if (!entries) {
            out.error_code = entries.error().code;
            out.error_message = request.arena.copy(entries.error().detail);
            continue;
        }
        out.configs = decltype(out.configs)::make(request.arena, entries->size());
        for (std::size_t i = 0; i < entries->size(); ++i) {
            out.configs[i] = encode_entry(request, (*entries)[i]);
        }
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(DescribeConfigs, describe_configs)

}  // namespace milena::api
