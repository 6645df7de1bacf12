#include "tools/kafka/subcommands.h"

#include "tools/kafka/tools.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace milena::kafka_tools {
namespace {

constexpr std::size_t kWidth = 75;

std::string placeholder_of(const ArgumentSpec& argument) {
    if (!argument.placeholder.empty()) return std::string(argument.placeholder);
    std::string name(argument.name);
    std::ranges::replace(name, '-', '_');
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

// What stands between a tool's name and the arguments of its command.
std::vector<std::string> words_before(std::span<const ArgumentSpec> arguments,
                                      std::string_view command) {
    std::vector<std::string> words;
    for (const auto& argument : arguments) {
        if (argument.required)
            words.push_back(fmt::format("--{} {}", argument.name, placeholder_of(argument)));
    }
    words.emplace_back(command);
    return words;
}

// One tool, or one of its commands.
struct Parser {
    std::string_view program;
    std::vector<std::string> before;
    std::span<const ArgumentSpec> arguments;
    const ToolSpec* tool = nullptr;  // then a command follows, and there is --version

    const ArgumentSpec* find(std::string_view name) const {
        const auto at = std::ranges::find(arguments, name, &ArgumentSpec::name);
        return at == arguments.end() ? nullptr : &*at;
    }

    std::string usage() const {
        auto words = before;
        words.emplace_back("[-h]");
        if (tool != nullptr) words.emplace_back("[-v]");
        for (const auto& argument : arguments) {
            const auto form = fmt::format("--{} {}", argument.name, placeholder_of(argument));
            words.push_back(argument.required ? form : "[" + form + "]");
        }
        if (tool != nullptr) words.emplace_back("COMMAND ...");
        std::string line = fmt::format("usage: {}", program);
        const std::string indent(line.size(), ' ');
        std::string out;
        for (const auto& word : words) {
            if (line.size() + 1 + word.size() > kWidth) {
                out += line + "\n";
                line = indent;
            }
            line += " " + word;
        }
        return out + line + "\n";
    }

    UsageError error(std::string_view why) const {
        return {fmt::format("{}{}: error: {}\n", usage(), program, why), UsageError::Kind::refusal};
    }

    UsageError help(std::string_view text) const {
        std::string out = usage() + "\n";
        if (!text.empty()) out += fmt::format("{}\n\n", text);
        if (tool != nullptr) {
            out += "commands:\n";
            for (const auto& command : tool->commands)
                out += fmt::format("  {:<22} {}\n", command.name, command.text);
            out += "\n";
        }
        out += "options:\n";
        for (const auto& argument : arguments) {
            out += fmt::format("  --{:<20} {}\n", argument.name, argument.text);
        }
        return {std::move(out), UsageError::Kind::help};
    }
};

template <class Integer>
bool is_number(std::string_view text) {
    Integer value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && rest == text.data() + text.size();
}

// The Java type that does not take the text; nothing when it does.
std::optional<std::string_view> refused_by(ArgumentType type, std::string_view text) {
    switch (type) {
        case ArgumentType::int16:
            if (!is_number<std::int16_t>(text)) return "Short";
            break;
        case ArgumentType::int32:
            if (!is_number<std::int32_t>(text)) return "Integer";
            break;
        case ArgumentType::int64:
            if (!is_number<std::int64_t>(text)) return "Long";
            break;
        case ArgumentType::text:
            break;
    }
    return std::nullopt;
}

using Values = std::map<std::string, std::string, std::less<>>;

// Reads the option at arguments[i], and its value.
std::expected<void, UsageError> read_option(const Parser& parser,
                                            std::span<const std::string_view> arguments,
                                            std::size_t& i, Values& values) {
    const auto token = arguments[i];
    const auto equals = token.find('=');
    const auto name = token.substr(0, equals);
    const auto* spec = name.starts_with("--") ? parser.find(name.substr(2)) : nullptr;
    if (spec == nullptr) {
        return std::unexpected(parser.error(fmt::format("unrecognized arguments: '{}'", name)));
    }
    std::string value;
    if (equals != std::string_view::npos) {
        value = token.substr(equals + 1);
    } else if (i + 1 < arguments.size() &&
               (!arguments[i + 1].starts_with('-') || is_number<std::int64_t>(arguments[i + 1]))) {
        value = arguments[++i];
    } else {
        return std::unexpected(
            parser.error(fmt::format("argument {}: expected one argument", name)));
    }
    if (const auto type = refused_by(spec->type, value)) {
        return std::unexpected(
            parser.error(fmt::format("argument {}: could not convert '{}' to {} (For input string: "
                                     "\"{}\")",
                                     name, value, *type, value)));
    }
    values.insert_or_assign(std::string(spec->name), std::move(value));
    return {};
}

std::expected<void, UsageError> check_required(const Parser& parser, const Values& values) {
    for (const auto& argument : parser.arguments) {
        if (!argument.required || values.contains(argument.name)) continue;
        return std::unexpected(
            parser.error(fmt::format("argument --{} is required", argument.name)));
    }
    return {};
}

}  // namespace

const std::string& Subcommand::text(std::string_view argument) const {
    static const std::string kNone;
    const auto at = values_.find(argument);
    return at == values_.end() ? kNone : at->second;
}

std::optional<std::int64_t> Subcommand::number(std::string_view argument) const {
    const auto& digits = text(argument);
    std::int64_t value = 0;
    if (digits.empty()) return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

std::expected<Subcommand, UsageError> parse_subcommand(
    const ToolSpec& tool, std::span<const std::string_view> arguments) {
    Subcommand out;
    const Parser outer{tool.program, {}, tool.arguments, &tool};
    Parser inner;
    Parser const* parser = &outer;
    std::string_view text = tool.text;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto token = arguments[i];
        if (token == "-h" || token == "--help") return std::unexpected(parser->help(text));
        if (parser->tool != nullptr && (token == "-v" || token == "--version")) {
            return std::unexpected(
                UsageError{fmt::format("{}\n", kKafkaVersion), UsageError::Kind::version});
        }
        if (token.starts_with('-')) {
            if (auto read = read_option(*parser, arguments, i, out.values_); !read) {
                return std::unexpected(std::move(read).error());
            }
            continue;
        }
        if (parser == &inner) {
            return std::unexpected(
                parser->error(fmt::format("unrecognized arguments: '{}'", token)));
        }
        const auto at = std::ranges::find(tool.commands, token, &SubcommandSpec::name);
        if (at == tool.commands.end()) {
            std::vector<std::string> names;
            for (const auto& command : tool.commands) {
                names.push_back(fmt::format("'{}'", command.name));
            }
            return std::unexpected(outer.error(fmt::format("invalid choice: '{}' (choose from {})",
                                                           token, fmt::join(names, ", "))));
        }
        out.name_ = token;
        inner = {tool.program, words_before(tool.arguments, token), at->arguments, nullptr};
        parser = &inner;
        text = at->text;
    }
    if (out.name_.empty()) return std::unexpected(outer.error("too few arguments"));
    for (const Parser* each : {static_cast<const Parser*>(&inner), &outer}) {
        if (auto status = check_required(*each, out.values_); !status) {
            return std::unexpected(std::move(status).error());
        }
    }
    return out;
}

}  // namespace milena::kafka_tools
