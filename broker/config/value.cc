#include "broker/config/value.h"

#include "broker/config/listeners.h"
#include "protocol/base/assert.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

namespace milena::config {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        return lower(x) == lower(y);
    });
}

std::unexpected<Error> refuse(const Option& option, std::string_view text, std::string_view why) {
    return fail(
        ErrorCode::INVALID_CONFIG,
        fmt::format("{}={}: {}", option.name(), option.sensitive() ? "[hidden]" : text, why));
}

Result<Value> parse_integer(const Option& option, std::string_view text, std::int64_t low,
                            std::int64_t high) {
    std::int64_t number = 0;
    // Java takes a leading +, from_chars does not.
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (!whole || digits.empty() || number < low || number > high) {
        return refuse(option, text,
                      fmt::format("must be a whole number from {} to {} (type {})", low, high,
                                  type_name(option.type)));
    }
    return Value(number);
}

// Only finite decimal numbers: what a person writes. Java also takes NaN, Infinity and 1f.
Result<Value> parse_double(const Option& option, std::string_view text) {
    double number = 0;
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (!whole || digits.empty() || !std::isfinite(number)) {
        return refuse(option, text, "must be a number (type double)");
    }
    return Value(number);
}

// "compact,compact" is taken for what it means, as Kafka does for topics.
bool drops_repeats(const Option& option) {
    return option.valid.kind == Valid::Kind::Words || option.valid.kind == Valid::Kind::SomeWords;
}

void drop_repeats(std::vector<std::string>& parts) {
    auto kept = parts.begin();
    for (auto part = parts.begin(); part != parts.end(); ++part) {
        if (std::find(parts.begin(), kept, *part) != kept) continue;
        if (kept != part) *kept = std::move(*part);
        ++kept;
    }
    parts.erase(kept, parts.end());
}

// The text of a value, converted to the row's type; `text` has no blanks around it.
Result<Value> convert(const Option& option, std::string_view text) {
    switch (option.type) {
        case Type::Boolean:
            if (equal_ignoring_case(text, "true")) return Value(true);
            if (equal_ignoring_case(text, "false")) return Value(false);
            return refuse(option, text, "must be true or false");
        case Type::Short:
            return parse_integer(option, text, std::numeric_limits<std::int16_t>::min(),
                                 std::numeric_limits<std::int16_t>::max());
        case Type::Int:
            return parse_integer(option, text, std::numeric_limits<std::int32_t>::min(),
                                 std::numeric_limits<std::int32_t>::max());
        case Type::Long:
            return parse_integer(option, text, std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max());
        case Type::Double:
            return parse_double(option, text);
        case Type::List: {
            std::vector<std::string> parts = split_list(text);
            if (drops_repeats(option)) drop_repeats(parts);
            return Value(std::move(parts));
        }
        case Type::String:
        case Type::Class:
        case Type::Password:
            return Value(std::string(text));
    }
    MILENA_UNREACHABLE();
}

// The parts of a value that a word check looks at: a list's elements, or the string itself.
std::vector<std::string> parts_of(const Value& value) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
    return {std::get<std::string>(value)};
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "<number><between><number>", as in 0:101.
bool is_number_pair(std::string_view text, char between) {
    const auto at = text.find(between);
    return at != std::string_view::npos && is_digits(text.substr(0, at)) &&
           is_digits(text.substr(at + 1));
}

// "by_duration:" and a time of ISO 8601 that is not negative: PnDTnHnMn.nS.
// Source: java.time.Duration.parse.
bool is_duration(std::string_view text) {
    if (text.size() < 3 || (text[0] != 'P' && text[0] != 'p')) return false;
    std::string_view units = "DTHMS";
    bool any = false;
    bool digits = false;
    bool in_time = false;
    for (const char raw : text.substr(1)) {
        const char c = raw >= 'a' && raw <= 'z' ? static_cast<char>(raw - 32) : raw;
        if (c >= '0' && c <= '9') {
            digits = true;
            continue;
        }
        if (c == '.' && digits && in_time) continue;
        const auto at = units.find(c);
        if (at == std::string_view::npos) return false;
        if (c == 'T' ? digits : !digits) return false;
        if (c != 'T' && c != 'D' && !in_time) return false;
        if (c == 'T') in_time = true;
        if (c != 'T') any = true;
        digits = false;
        units.remove_prefix(at + 1);
    }
    return any && !digits;
}

bool is_voter(const std::string& text) {
    const auto at = text.find('@');
    return at != std::string::npos && is_digits(std::string_view(text).substr(0, at)) &&
           parse_host_port(std::string_view(text).substr(at + 1)).has_value();
}

// The address may itself hold colons.
bool is_address_limit(const std::string& text) {
    const auto colon = text.rfind(':');
    const std::string_view digits = std::string_view(text).substr(colon + 1);
    constexpr std::size_t kMostDigits = 9;  // below 2^31
    return colon != std::string::npos && colon > 0 && is_digits(digits) &&
           digits.size() <= kMostDigits;
}

bool is_client_match(const std::string& text) {
    static constexpr std::string_view kAttributes[] = {
        "client_instance_id",    "client_id",
        "client_software_name",  "client_software_version",
        "client_source_address", "client_source_port"};
    const auto at = text.find('=');
    return at != std::string::npos && at + 1 < text.size() &&
           std::ranges::find(kAttributes, std::string_view(text).substr(0, at)) !=
               std::end(kAttributes);
}

bool in_range(const Valid& valid, const Value& value) {
    const double number = std::holds_alternative<double>(value)
                              ? std::get<double>(value)
                              : static_cast<double>(std::get<std::int64_t>(value));
    return (number >= valid.low && number <= valid.high) || number == valid.exception;
}

bool all_are_words(const Valid& valid, const Value& value) {
    const std::vector<std::string> allowed = split_list(valid.words);
    return std::ranges::all_of(parts_of(value), [&](const std::string& part) {
        return std::ranges::any_of(allowed, [&](const std::string& word) {
            return valid.kind == Valid::Kind::WordIgnoringCase ? equal_ignoring_case(word, part)
                                                               : word == part;
        });
    });
}

// Kafka takes no list with an empty or a repeated part.
bool has_distinct_parts(const Value& value) {
    const auto* list = std::get_if<std::vector<std::string>>(&value);
    if (list == nullptr) return true;
    std::vector<std::string> sorted = *list;
    std::ranges::sort(sorted);
    return std::ranges::none_of(sorted, &std::string::empty) &&
           std::ranges::adjacent_find(sorted) == sorted.end();
}

bool is_valid(const Option& option, const Value& value) {
    const auto all_parts = [&](auto check) { return std::ranges::all_of(parts_of(value), check); };
    switch (option.valid.kind) {
        case Valid::Kind::Any:
            return has_distinct_parts(value);
        case Valid::Kind::Range:
            return in_range(option.valid, value);
        case Valid::Kind::SomeWords:
            return !parts_of(value).empty() && all_are_words(option.valid, value);
        case Valid::Kind::Word:
        case Valid::Kind::WordIgnoringCase:
        case Valid::Kind::Words:
            return all_are_words(option.valid, value);
        case Valid::Kind::NonEmpty: {
            const auto parts = parts_of(value);
            return !parts.empty() && !parts.front().empty() && has_distinct_parts(value);
        }
        case Valid::Kind::ReplicaList:
            return parts_of(value) == std::vector<std::string>{"*"} ||
                   all_parts([](const std::string& part) { return is_number_pair(part, ':'); });
        case Valid::Kind::VoterList:
            return all_parts(is_voter);
        case Valid::Kind::AddressList:
            return all_parts([](const std::string& part) {
                const auto parsed = parse_host_port(part);
                return parsed.has_value() && !parsed->host.empty();
            });
        case Valid::Kind::AddressLimits:
            return std::ranges::all_of(split_list(std::get<std::string>(value)), is_address_limit);
        case Valid::Kind::OffsetReset: {
            constexpr std::string_view kPrefix = "by_duration:";
            const std::string& text = std::get<std::string>(value);
            return text == "earliest" || text == "latest" ||
                   (text.starts_with(kPrefix) &&
                    is_duration(std::string_view(text).substr(kPrefix.size())));
        }
        case Valid::Kind::ClientMatch:
            return all_parts(is_client_match);
    }
    MILENA_UNREACHABLE();
}

std::string number_text(double number) {
    return number == std::floor(number) ? fmt::format("{:.0f}", number) : fmt::format("{}", number);
}

// As java.lang.Double.toString: a point in every number, E notation from 10^7 and below 10^-3.
std::string java_double(double number) {
    if (number == 0 || (std::fabs(number) >= 1e-3 && std::fabs(number) < 1e7)) {
        std::string text = fmt::format("{}", number);
        if (text.find_first_of(".e") == std::string::npos) text += ".0";
        return text;
    }
    char buffer[40];
    const auto written =
        std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
    std::string text(buffer, written.ptr);
    const auto e = text.find('e');
    std::string mantissa = text.substr(0, e);
    if (mantissa.find('.') == std::string::npos) mantissa += ".0";
    return fmt::format("{}E{}", mantissa, std::atoi(text.c_str() + e + 1));
}

}  // namespace

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    if (trim(text).empty()) return parts;
    for (std::size_t start = 0; start <= text.size();) {
        const auto comma = std::min(text.find(',', start), text.size());
        parts.emplace_back(trim(text.substr(start, comma - start)));
        start = comma + 1;
    }
    return parts;
}

std::string_view type_name(Type type) {
    switch (type) {
        case Type::Boolean:
            return "boolean";
        case Type::String:
            return "string";
        case Type::Int:
            return "int";
        case Type::Short:
            return "short";
        case Type::Long:
            return "long";
        case Type::Double:
            return "double";
        case Type::List:
            return "list";
        case Type::Class:
            return "class";
        case Type::Password:
            return "password";
    }
    MILENA_UNREACHABLE();
}

std::string allowed_text(const Option& option) {
    const Valid& valid = option.valid;
    switch (valid.kind) {
        case Valid::Kind::Any:
            return option.type == Type::List ? "a list without empty or repeated parts" : "";
        case Valid::Kind::Range: {
            std::string text =
                valid.high > 1e299
                    ? fmt::format("at least {}", number_text(valid.low))
                    : fmt::format("from {} to {}", number_text(valid.low), number_text(valid.high));
            if (valid.exception) text += fmt::format(", or {}", number_text(*valid.exception));
            return text;
        }
        case Valid::Kind::Word:
            return fmt::format("one of {}", valid.words);
        case Valid::Kind::WordIgnoringCase:
            return fmt::format("one of {} (upper or lower case)", valid.words);
        case Valid::Kind::Words:
            return fmt::format("a list of {}, or empty", valid.words);
        case Valid::Kind::SomeWords:
            return fmt::format("a list of {}", valid.words);
        case Valid::Kind::NonEmpty:
            return option.type == Type::List ? "a list, not empty, without empty or repeated parts"
                                             : "not empty";
        case Valid::Kind::ReplicaList:
            return "a list of partition:broker, or *";
        case Valid::Kind::VoterList:
            return "a list of id@host:port";
        case Valid::Kind::AddressList:
            return "a list of host:port";
        case Valid::Kind::AddressLimits:
            return "a list of address:count";
        case Valid::Kind::OffsetReset:
            return "earliest, latest or by_duration: and a time such as PT1H30M";
        case Valid::Kind::ClientMatch:
            return "a list of attribute=pattern, where the attribute is client_instance_id, "
                   "client_id, client_software_name, client_software_version, "
                   "client_source_address or client_source_port";
    }
    MILENA_UNREACHABLE();
}

Result<Value> parse_value(const Option& option, std::string_view text) {
    const std::string_view trimmed = trim(text);
    MILENA_ASSIGN(Value value, convert(option, trimmed));
    if (!is_valid(option, value)) {
        return refuse(option, trimmed, fmt::format("must be {}", allowed_text(option)));
    }
    return value;
}

std::string to_text(const Value& value) {
    struct Print {
        std::string operator()(std::monostate) const { return ""; }
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return java_double(number); }
        std::string operator()(const std::string& text) const { return text; }
        std::string operator()(const std::vector<std::string>& parts) const {
            return fmt::format("{}", fmt::join(parts, ","));
        }
    };
    return std::visit(Print{}, value);
}

}  // namespace milena::config
