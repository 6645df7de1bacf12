#include "tools/kafka/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

auto refuse(std::string message) {
    return fail(ErrorCode::INVALID_REQUEST, std::move(message));
}

const OptionSpec* find(std::span<const OptionSpec> specs, std::string_view name) {
    const auto at = std::ranges::find(specs, name, &OptionSpec::name);
    return at == specs.end() ? nullptr : &*at;
}

bool looks_like_an_option(std::string_view token) {
    return token.size() > 1 && token[0] == '-';
}

template <class Integer>
Result<std::optional<Integer>> to_integer(std::string_view name,
                                          const std::optional<std::string>& text) {
    if (!text) return std::optional<Integer>{};
    Integer value = 0;
    const auto* begin = text->data();
    const auto* end = begin + text->size();
    if (text->size() > 1 && text->front() == '+') ++begin;  // as Java reads numbers
    const auto [rest, error] = std::from_chars(begin, end, value);
    if (error != std::errc{} || rest != end) {
        return refuse(fmt::format("Cannot parse argument '{}' of option {}", *text, name));
    }
    return std::optional<Integer>{value};
}

struct Token {
    std::string_view name;
    std::optional<std::string_view> value;
};

// "--name=value" or "-name=value" without its dashes.
Token split(std::string_view token) {
    token.remove_prefix(token.starts_with("--") ? 2 : 1);
    const auto equals = token.find('=');
    if (equals == std::string_view::npos) return {token, std::nullopt};
    return {token.substr(0, equals), token.substr(equals + 1)};
}

}  // namespace

Result<Options> Options::parse(std::span<const OptionSpec> specs,
                               std::span<const std::string_view> arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto token = arguments[i];
        if (token == "--") break;
        if (!looks_like_an_option(token)) continue;  // stray words are ignored, as Kafka does
        const auto [name, inline_value] = split(token);
        const auto* spec = find(specs, name);
        if (spec == nullptr) {
            // After a single dash jopt-simple reads a cluster of one-letter options.
            const bool cluster = !token.starts_with("--");
            return refuse(
                fmt::format("{} is not a recognized option", cluster ? token.substr(1, 1) : name));
        }
        auto& values = options.values_[std::string(name)];
        if (spec->takes == Takes::nothing) continue;
        if (inline_value) {
            values.emplace_back(*inline_value);
        } else if (i + 1 < arguments.size() &&
                   (spec->takes == Takes::a_value || !looks_like_an_option(arguments[i + 1]))) {
            values.emplace_back(arguments[++i]);
        } else if (spec->takes == Takes::a_value) {
            return refuse(fmt::format("Option {} requires an argument", name));
        }
    }
    return options;
}

const std::vector<std::string>& Options::values(std::string_view name) const {
    static const std::vector<std::string> kNone;
    const auto at = values_.find(name);
    return at == values_.end() ? kNone : at->second;
}

Result<std::optional<std::string>> Options::value(std::string_view name) const {
    const auto& all = values(name);
    if (all.size() > 1) {
        return refuse(fmt::format(
            "Found multiple arguments for option {}, but you asked for only one", name));
    }
    return all.empty() ? std::optional<std::string>{} : std::optional<std::string>{all.front()};
}

Result<std::optional<std::int32_t>> Options::int32(std::string_view name) const {
    MILENA_ASSIGN(const auto text, value(name));
    return to_integer<std::int32_t>(name, text);
}

Result<std::optional<std::int64_t>> Options::int64(std::string_view name) const {
    MILENA_ASSIGN(const auto text, value(name));
    return to_integer<std::int64_t>(name, text);
}

std::string usage(std::span<const OptionSpec> specs) {
    constexpr std::size_t kColumn = 40;
    constexpr std::size_t kTextWidth = 60;
    std::vector<const OptionSpec*> sorted;
    for (const auto& spec : specs) sorted.push_back(&spec);
    std::ranges::sort(sorted, {}, &OptionSpec::name);
    std::string out = fmt::format("{:<{}} Description\n{:<{}} -----------\n", "Option", kColumn,
                                  "------", kColumn);
    for (const auto* spec : sorted) {
        std::string left = fmt::format("--{}", spec->name);
        if (spec->takes == Takes::a_value) left += fmt::format(" <{}>", spec->placeholder);
        if (spec->takes == Takes::an_optional_value)
            left += fmt::format(" [{}]", spec->placeholder);
        std::string_view text = spec->text;
        do {
            auto length = std::min(text.size(), kTextWidth);
            if (length < text.size()) {
                const auto space = text.rfind(' ', length);
                if (space != std::string_view::npos && space > 0) length = space;
            }
            out += fmt::format("{:<{}} {}\n", left, kColumn, text.substr(0, length));
            text.remove_prefix(length);
            if (text.starts_with(' ')) text.remove_prefix(1);
            left.clear();
        } while (!text.empty());
    }
    return out;
}

std::optional<Refusal> refuse_together(const Options& options, std::string_view used,
                                       std::span<const std::string_view> others) {
    if (!options.has(used)) return std::nullopt;
    for (const auto other : others) {
        if (options.has(other)) {
            return Refusal{
                fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", used, other)};
        }
    }
    return std::nullopt;
}

std::optional<Refusal> refuse_missing(const Options& options, std::string_view name) {
    if (options.has(name)) return std::nullopt;
    return Refusal{fmt::format("Missing required argument \"[{}]\"", name)};
}

void add_properties(Properties& into, std::span<const std::string> arguments) {
    for (const auto& argument : arguments) {
        const auto equals = argument.find('=');
        into.insert_or_assign(argument.substr(0, equals), equals == std::string::npos
                                                              ? std::string()
                                                              : argument.substr(equals + 1));
    }
}

int report(const Refusal& refusal, std::span<const OptionSpec> specs, std::FILE* err) {
    fmt::print(err, "{}\n", refusal.message);
    if (refusal.with_usage) fmt::print(err, "{}", usage(specs));
    return 1;
}

}  // namespace milena::kafka_tools
