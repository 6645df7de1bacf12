// Command lines of Kafka's tools that have subcommands, as argparse4j reads them: options of the
// tool, a command, options of the command; "--name value" or "--name=value".
#pragma once

#include "protocol/base/error.h"
#include "tools/kafka/options.h"

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace milena::kafka_tools {

enum class ArgumentType : std::uint8_t { text, int16, int32, int64 };

struct ArgumentSpec {
    std::string_view name;         // without dashes
    std::string_view placeholder;  // of the value in the usage
    ArgumentType type = ArgumentType::text;
    bool required = false;
    std::string_view text;
};

struct SubcommandSpec {
    std::string_view name;
    std::string_view text;
    std::span<const ArgumentSpec> arguments;
};

struct ToolSpec {
    std::string_view program;  // "kafka-transactions.sh"
    std::string_view text;
    std::span<const ArgumentSpec> arguments;
    std::span<const SubcommandSpec> commands;
};

// What is printed instead of running.
struct UsageError {
    enum class Kind : std::uint8_t { refusal, help, version };

    std::string text;
    Kind kind = Kind::refusal;

    // Where it goes, and the exit code, which is 1 for help too.
    bool is_complaint() const { return kind == Kind::refusal; }
    int exit_code() const { return kind == Kind::version ? 0 : 1; }
};

class Subcommand {
  public:
    const std::string& name() const { return name_; }
    bool has(std::string_view argument) const { return values_.contains(argument); }
    // As given; "" when absent.
    const std::string& text(std::string_view argument) const;
    // Of an argument of a number's type, which has been checked.
    std::optional<std::int64_t> number(std::string_view argument) const;

  private:
    friend std::expected<Subcommand, UsageError> parse_subcommand(
        const ToolSpec& tool, std::span<const std::string_view> arguments);

    std::string name_;
    std::map<std::string, std::string, std::less<>> values_;
};

std::expected<Subcommand, UsageError> parse_subcommand(const ToolSpec& tool,
                                                       std::span<const std::string_view> arguments);

}  // namespace milena::kafka_tools
