// ListConfigResources (74), v0-1. KIP-1142 (and KIP-1000, whose API this once was).
// Errors: UNSUPPORTED_VERSION (a type of resource that cannot be listed).
// Differences from Kafka: none known. Rules: semantics Q2.
#include "protocol/msg/list_config_resources.h"

#include "broker/api/handler.h"
#include "broker/api/services.h"

#include <algorithm>
#include <array>
#include <vector>

namespace milena::api {
namespace {

using Body = msg::ListConfigResourcesRequest;
using Response = msg::ListConfigResourcesResponse;
using metadata::ResourceType;

constexpr std::array kListable{ResourceType::topic, ResourceType::broker,
                               ResourceType::broker_logger, ResourceType::client_metrics,
                               ResourceType::group};

// The types asked for; empty when one of them cannot be listed.
std::vector<ResourceType> wanted_types(const Request<Body>& request) {
    if (request.version == ApiVersion(0)) return {ResourceType::client_metrics};
    if (request.body.resource_types.empty()) return {kListable.begin(), kListable.end()};
    std::vector<ResourceType> types;
    for (const auto number : request.body.resource_types) {
        const auto type = static_cast<ResourceType>(number);
        if (std::find(kListable.begin(), kListable.end(), type) == kListable.end()) return {};
        if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    }
    return types;
}

void list_config_resources(Services& services, const Request<Body>& request,
                           Reply<Response> reply) {
    Response response;
    const auto types = wanted_types(request);
    if (types.empty()) {
        response.error_code = ErrorCode::UNSUPPORTED_VERSION;
        reply.send(response);
        return;
    }
    const auto image = services.controller.image();
    std::vector<Response::ConfigResource> resources;
    const auto add = [&](ResourceType type, std::string_view name) {
        Response::ConfigResource resource;
        resource.resource_type = static_cast<std::int8_t>(type);
        resource.resource_name = request.arena.copy(name);
        resources.push_back(resource);
    };
    for (const auto type : types) {
        if (type == ResourceType::topic) {
            image->topics_by_name.for_each([&](const auto& topic) { add(type, topic->name); });
        } else if (type == ResourceType::broker || type == ResourceType::broker_logger) {
            for (const auto& broker : image->brokers) add(type, std::to_string(broker->id.value()));
        } else {
            image->configs.for_each([&](const auto& config) {
                if (config->resource.type == type) add(type, config->resource.name);
            });
        }
    }
    response.config_resources = decltype(response.config_resources)(resources);
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(ListConfigResources, list_config_resources)

}  // namespace milena::api
