// The controller's view of the table of settings.
#pragma once

#include "broker/config/describe.h"
#include "protocol/base/shared_cell.h"
#include "replication/metadata/config_rules.h"

#include <memory>

namespace milena::broker {

class ConfigRules final : public metadata::ConfigRules {
  public:
    explicit ConfigRules(const SharedCell<const config::Settings>& settings)
        : settings_(settings) {}

    Status validate(const metadata::ConfigResource& resource,
                    const metadata::ConfigMap& values) const override;
    bool is_list(metadata::ResourceType type, std::string_view name) const override;
    std::optional<std::string> default_value(metadata::ResourceType type,
                                             std::string_view name) const override;

  private:
    const SharedCell<const config::Settings>& settings_;
};

}  // namespace milena::broker
