// What the controller must know about settings; their table lives in broker/config.
#pragma once

#include "protocol/base/error.h"
#include "replication/metadata/image.h"

#include <optional>
#include <string>
#include <string_view>

namespace milena::metadata {

class ConfigRules {
  public:
    virtual ~ConfigRules() = default;

    // May `resource` carry exactly these overrides? INVALID_CONFIG for a name it does not have or
    // a value out of bounds, INVALID_REQUEST for a resource that cannot be configured.
    virtual Status validate(const ConfigResource& resource, const ConfigMap& values) const = 0;
    // Is this setting a comma-separated list, which APPEND and SUBTRACT work on?
    virtual bool is_list(ResourceType type, std::string_view name) const = 0;
    // The value in force when nothing is set dynamically; nullopt when the setting has none.
    virtual std::optional<std::string> default_value(ResourceType type,
                                                     std::string_view name) const = 0;
};

}  // namespace milena::metadata
