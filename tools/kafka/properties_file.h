// Java property files, as given to --command-config and its kind.
#pragma once

#include "protocol/base/error.h"
#include "tools/kafka/options.h"

#include <string>

namespace milena::kafka_tools {

// INVALID_CONFIG names the file and why it cannot be read.
Result<Properties> load_properties(const std::string& path);

}  // namespace milena::kafka_tools
