// Keeps the broker's settings in step with the dynamic ones in the cluster metadata.
#pragma once

#include "broker/config/settings.h"
#include "protocol/base/shared_cell.h"
#include "replication/metadata/image.h"

#include <memory>
#include <string>

namespace milena::broker {

class SettingsFollower {
  public:
    SettingsFollower(config::Settings settings, BrokerId self)
        : name_(std::to_string(self.value())),
          current_(std::make_shared<const config::Settings>(std::move(settings))) {}

    const SharedCell<const config::Settings>& current() const { return current_; }
    std::shared_ptr<const config::Settings> get() const { return current_.load(); }

    // On the quorum's executor, before anybody else who looks at settings is told of the change.
    void publish(const metadata::Image& after, const metadata::Delta& delta) {
        using metadata::ResourceType;
        for (const auto& resource : delta.configs) {
            if (resource.type != ResourceType::broker) continue;
            current_.store(std::make_shared<const config::Settings>(
                current_.load()->with_dynamic(after.config(ResourceType::broker, ""),
                                              after.config(ResourceType::broker, name_))));
            return;
        }
    }

  private:
    const std::string name_;
    SharedCell<const config::Settings> current_;
};

}  // namespace milena::broker
