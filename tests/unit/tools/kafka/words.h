// Cuts a command line at blanks and parses it, for the tables of the option tests.
#pragma once

#include "tools/kafka/options.h"

#include <span>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

// Views `line`.
inline std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const auto end = line.find(' ');
        if (end != 0) words.push_back(line.substr(0, end));
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return words;
}

inline Result<Options> parse_line(std::span<const OptionSpec> specs, std::string_view line) {
    return Options::parse(specs, words_of(line));
}

}  // namespace milena::kafka_tools
