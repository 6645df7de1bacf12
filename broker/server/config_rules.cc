#include "broker/server/config_rules.h"

#include <optional>

namespace milena::broker {
namespace {

using metadata::ResourceType;

std::optional<config::Scope> scope_of(ResourceType type) {
    switch (type) {
        case ResourceType::topic:
            return config::Scope::Topic;
        case ResourceType::broker:
            return config::Scope::Broker;
        case ResourceType::group:
            return config::Scope::Group;
        case ResourceType::client_metrics:
            return config::Scope::ClientMetrics;
        case ResourceType::broker_logger:
            return std::nullopt;
    }
    return std::nullopt;
}

const config::Option* find(ResourceType type, std::string_view name) {
    const auto scope = scope_of(type);
    return scope ? config::find_option(*scope, name) : nullptr;
}

}  // namespace

Status ConfigRules::validate(const metadata::ConfigResource& resource,
                             const metadata::ConfigMap& values) const {
    const auto settings = settings_.load();
    switch (resource.type) {
        case ResourceType::topic:
            return config::check_topic(*settings, values);
        case ResourceType::group:
            return config::check_group(*settings, values);
        case ResourceType::client_metrics:
            return config::check_client_metrics(values);
        case ResourceType::broker:
            return config::check_broker(resource.name.empty() ? config::BrokerTarget::AllBrokers
                                                              : config::BrokerTarget::ThisBroker,
                                        values);
        case ResourceType::broker_logger:
            break;
    }
    return fail(ErrorCode::INVALID_REQUEST, "resource type " +
                                                std::to_string(static_cast<int>(resource.type)) +
                                                " cannot be configured");
}

bool ConfigRules::is_list(ResourceType type, std::string_view name) const {
    const auto* option = find(type, name);
    return option != nullptr && option->type == config::Type::List;
}

std::optional<std::string> ConfigRules::default_value(ResourceType type,
                                                      std::string_view name) const {
    const auto settings = settings_.load();
    const auto describe = [&](const config::Option& option) -> std::optional<std::string> {
        const std::vector<std::string_view> names{option.name()};
        auto described = type == ResourceType::topic ? config::describe_topic(*settings, {}, &names)
                         : type == ResourceType::group
                             ? config::describe_group(*settings, {}, &names)
                             : config::describe_broker(*settings, &names);
        return described.empty() ? std::nullopt : std::move(described.front().value);
    };
    const auto* option = find(type, name);
    return option == nullptr ? std::nullopt : describe(*option);
}

}  // namespace milena::broker
