// The settings of a resource as the metadata and this broker's configuration give them together.
#pragma once

#include "broker/api/services.h"
#include "broker/config/describe.h"

#include <vector>

namespace milena::api {

std::vector<config::Described> topic_config_view(const Services& services,
                                                 const metadata::Image& image,
                                                 std::string_view topic,
                                                 config::NameFilter names = nullptr);

}  // namespace milena::api
