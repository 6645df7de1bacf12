// Reads a Java .properties file: comments with # or !, continuation by a last backslash, escapes,
// name and value separated by =, : or blanks. Bytes above 127 are kept as they are (UTF-8).
#pragma once

#include "protocol/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace milena {

// One name=value and where it was written: "server.properties:12" or "--set".
struct Assignment {
    std::string name;
    std::string value;
    std::string where;
};

// `file_name` goes into Assignment::where and errors. Fails only on a \u escape without four hex
// digits, as Java does.
Result<std::vector<Assignment>> parse_properties(std::string_view text, std::string_view file_name);

}  // namespace milena
