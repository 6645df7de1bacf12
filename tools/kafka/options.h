// Command lines as Kafka's own tools read them (the rules of jopt-simple without abbreviations):
// "--name value", "--name=value", a single dash before a known name, "--" ends the options.
#pragma once

#include "protocol/base/error.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

enum class Takes : std::uint8_t { nothing, a_value, an_optional_value };

struct OptionSpec {
    std::string_view name;
    Takes takes = Takes::nothing;
    std::string_view placeholder;  // what the value is called in the usage text
    std::string_view text;
};

class Options {
  public:
    // Errors carry the words that Kafka's tools print ("foo is not a recognized option").
    static Result<Options> parse(std::span<const OptionSpec> specs,
                                 std::span<const std::string_view> arguments);

    bool has(std::string_view name) const { return values_.contains(name); }
    // All values given for `name`, in order; an option without a value adds none.
    const std::vector<std::string>& values(std::string_view name) const;
    // The one value; an error when it was given twice. Nothing when absent.
    Result<std::optional<std::string>> value(std::string_view name) const;
    Result<std::optional<std::int32_t>> int32(std::string_view name) const;
    Result<std::optional<std::int64_t>> int64(std::string_view name) const;

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// The two-column list of options that stands below a usage error.
std::string usage(std::span<const OptionSpec> specs);

// Why a command line is refused. Kafka's tools print some refusals with the list of options below
// and some alone; the exit code is 1 either way.
struct Refusal {
    std::string message;
    bool with_usage = true;
};

// `Option "[used]" can't be used with option "[other]"` for the first of `others` that is present.
std::optional<Refusal> refuse_together(const Options& options, std::string_view used,
                                       std::span<const std::string_view> others);
// `Missing required argument "[name]"`.
std::optional<Refusal> refuse_missing(const Options& options, std::string_view name);

// key=value arguments; a missing "=value" means an empty value. Later ones win.
using Properties = std::map<std::string, std::string, std::less<>>;
void add_properties(Properties& into, std::span<const std::string> arguments);

// Prints `refusal` to `err` as the stock tool would; 1, the exit code.
int report(const Refusal& refusal, std::span<const OptionSpec> specs, std::FILE* err);

}  // namespace milena::kafka_tools
