#include "broker/api/config_view.h"

namespace milena::api {

std::vector<config::Described> topic_config_view(const Services& services,
                                                 const metadata::Image& image,
                                                 std::string_view topic, config::NameFilter names) {
    return config::describe_topic(*services.settings(),
                                  image.config(metadata::ResourceType::topic, topic), names);
}

}  // namespace milena::api
