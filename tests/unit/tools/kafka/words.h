// Cuts a command line at blanks and parses it, for the tables of the option tests.
#pragma once

#include "tools/kafka/options.h"

#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

inline Result<Options> parse_line(std::span<const OptionSpec> specs, std::string_view line) {
    std::vector<std::string> words;
    std::istringstream stream{std::string(line)};
    for (std::string word; stream >> word;) words.push_back(word);
    const std::vector<std::string_view> views(words.begin(), words.end());
    return Options::parse(specs, views);
}

}  // namespace milena::kafka_tools
