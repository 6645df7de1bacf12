// What the command lines of the two console tools have in common.
#pragma once

#include "protocol/base/error.h"
#include "tools/kafka/options.h"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

// An option that got a new name; the old one still works and is warned about.
struct Renamed {
    std::string_view now;
    std::string_view before;
};

// `Options --x and --y cannot be specified together.` when both names are used.
std::optional<Refusal> refuse_both(const Options& options, const Renamed& renamed,
                                   std::string_view first, std::string_view second);

// The name that was used, the new one when none was.
std::string_view name_in_use(const Options& options, const Renamed& renamed);

// Properties of the file that `file_option` names, if it is given.
std::expected<Properties, Refusal> properties_of_file(const Options& options,
                                                      std::string_view file_option);

// Sets `key` from the option when it was given, or from `fallback` when the properties lack it.
Status merge_option(Properties& properties, std::string_view key, const Options& options,
                    std::string_view option, std::string_view fallback);
// The same for an option that must be a whole number.
Status merge_number(Properties& properties, std::string_view key, const Options& options,
                    std::string_view option, std::int64_t fallback);

// An error found while reading values: printed without the list of options.
std::unexpected<Refusal> refuse_plainly(std::string message);

}  // namespace milena::kafka_tools
