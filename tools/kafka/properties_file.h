// Java property files, as given to --command-config and its kind.
#pragma once

#include "protocol/base/error.h"
#include "tools/kafka/options.h"

#include <string>
#include <string_view>

namespace milena::kafka_tools {

// The rules of java.util.Properties.load: "key=value", "key: value" or "key value", comments with
// "#" or "!", a backslash at the end of a line continues it, "\t \n \r \f \uXXXX" escapes.
Properties parse_properties(std::string_view text);

// INVALID_CONFIG names the file and why it cannot be read.
Result<Properties> load_properties(const std::string& path);

}  // namespace milena::kafka_tools
