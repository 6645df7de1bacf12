// Names that server.properties files of older Kafka versions hold and that mean nothing any more.
#pragma once

#include <optional>
#include <string_view>

namespace milena::config {

// Why the setting of that name is ignored; nothing when it was never one.
std::optional<std::string_view> removed_reason(std::string_view name);

}  // namespace milena::config
