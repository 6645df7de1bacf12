#include "tools/kafka/consumer_groups_options.h"

#include "tools/kafka/java_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace milena::kafka_tools {
namespace {

constexpr auto kNothing = Takes::nothing;
constexpr auto kValue = Takes::a_value;
constexpr auto kMaybe = Takes::an_optional_value;

constexpr OptionSpec kSpecs[] = {
    {"all-groups", kNothing, "", "Every group."},
    {"all-topics", kNothing, "", "With --reset-offsets: every topic the group has offsets of."},
    {"bootstrap-server", kValue, "String: server to connect to",
     "REQUIRED: the broker to connect to, host:port."},
    {"by-duration", kValue, "String: duration",
     "Reset to the first record that is younger than this; PnDTnHnMnS."},
    {"command-config", kValue, "String: command config property file",
     "A property file for the client."},
    {"delete", kNothing, "", "Delete groups that have no members."},
    {"delete-offsets", kNothing, "", "Delete the offsets that a group has of a topic."},
    {"describe", kNothing, "", "Show a group: offsets and lag, members, or its state."},
    {"dry-run", kNothing, "", "With --reset-offsets: show the new offsets only."},
    {"execute", kNothing, "", "With --reset-offsets: do it."},
    {"export", kNothing, "", "With --reset-offsets: print the new offsets as CSV."},
    {"from-file", kValue, "String: path to CSV file", "Reset to the offsets of a CSV file."},
    {"group", kValue, "String: consumer group", "The group; may be given several times."},
    {"help", kNothing, "", "Print this."},
    {"list", kNothing, "", "List groups."},
    {"members", kNothing, "", "With --describe: the members of the group."},
    {"offsets", kNothing, "", "With --describe: the offsets of the group; the default."},
    {"reset-offsets", kNothing, "", "Set the offsets of a group that has no members."},
    {"shift-by", kValue, "Long: number-of-offsets", "Reset by so many offsets, + or -."},
    {"state", kMaybe, "String",
     "With --describe: the state of the group. With --list: show states, or only groups in "
     "these."},
    {"timeout", kValue, "Long: timeout (ms)", "How long to wait for the group, 30000."},
    {"to-current", kNothing, "", "Reset to where the group stands."},
    {"to-datetime", kValue, "String: datetime",
     "Reset to the first record at or after this time; YYYY-MM-DDThh:mm:ss.sss."},
    {"to-earliest", kNothing, "", "Reset to the beginning."},
    {"to-latest", kNothing, "", "Reset to the end."},
    {"to-offset", kValue, "Long: offset", "Reset to this offset."},
    {"topic", kValue, "String: topic",
     "The topic, with --reset-offsets also some partitions of it: topic:0,1."},
    {"type", kMaybe, "String", "With --list: show types, or only groups of these."},
    {"verbose", kNothing, "", "With --describe: more columns."},
    {"version", kNothing, "", "Print the version of Kafka whose tool this behaves as."},
};

constexpr std::array<std::string_view, 5> kActions = {"list", "describe", "delete", "reset-offsets",
                                                      "delete-offsets"};
constexpr std::array<std::string_view, 7> kStates = {
    "Assigning",          "CompletingRebalance", "Dead",  "Empty",
    "PreparingRebalance", "Reconciling",         "Stable"};
constexpr std::array<std::string_view, 2> kTypes = {"Classic", "Consumer"};
constexpr std::array<std::string_view, 8> kScenarios = {"to-offset",   "to-datetime", "by-duration",
                                                        "to-earliest", "to-latest",   "to-current",
                                                        "shift-by",    "from-file"};

template <std::size_t n>
std::size_t count(const Options& options, const std::array<std::string_view, n>& names) {
    return static_cast<std::size_t>(
        std::ranges::count_if(names, [&](auto name) { return options.has(name); }));
}

std::optional<Refusal> check_describe(const Options& options) {
    if (!options.has("group") && !options.has("all-groups")) {
        return Refusal{"Option [describe] takes one of these options: [all-groups], [group]"};
    }
    constexpr std::array<std::string_view, 3> kViews = {"members", "offsets", "state"};
    if (count(options, kViews) > 1) {
        return Refusal{
            "Option [describe] takes at most one of these options: [members], [offsets], [state]"};
    }
    if (!options.values("state").empty()) {
        return Refusal{"Option [describe] does not take a value for [state]"};
    }
    return std::nullopt;
}

std::optional<Refusal> check_reset(const Options& options) {
    if (options.has("dry-run") && options.has("execute")) {
        return Refusal{"Option [reset-offsets] only accepts one of [execute], [dry-run]"};
    }
    if (!options.has("group") && !options.has("all-groups")) {
        return Refusal{"Option [reset-offsets] takes one of these options: [all-groups], [group]"};
    }
    if (count(options, kScenarios) != 1) {
        return Refusal{
            fmt::format("Option [reset-offsets] takes exactly one of these options: [{}]",
                        fmt::join(kScenarios, "], ["))};
    }
    if (!options.has("topic") && !options.has("all-topics") && !options.has("from-file")) {
        return Refusal{"Option [reset-offsets] takes one of these options: [all-topics], [topic]"};
    }
    return std::nullopt;
}

Result<std::int32_t> index_of(std::string_view text) {
    std::int32_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || rest != text.data() + text.size() || value < 0) {
        return fail(ErrorCode::INVALID_REQUEST, fmt::format("'{}' is no partition", text));
    }
    return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// What each action needs.
std::optional<Refusal> check_actions(const Options& options) {
    if (options.has("describe")) {
        if (auto refusal = check_describe(options)) return refusal;
    }
    if (options.has("reset-offsets")) {
        if (auto refusal = check_reset(options)) return refusal;
    }
    if (options.has("delete") && !options.has("group") && !options.has("all-groups")) {
        return Refusal{"Option [delete] takes one of these options: [all-groups], [group]"};
    }
    if (options.has("delete") && options.has("topic")) {
        return Refusal{
            "The consumer does not support topic-specific offset deletion from a consumer group."};
    }
    if (options.has("delete-offsets") && (!options.has("group") || !options.has("topic"))) {
        return Refusal{"Option [delete-offsets] takes the following options: [group], [topic]"};
    }
    return std::nullopt;
}

// Words that name a state or a type, whichever way they are written.
std::optional<Refusal> check_filter(const Options& options, std::string_view option,
                                    std::span<const std::string_view> known,
                                    std::string_view called) {
    if (!options.has("list")) return std::nullopt;
    for (const auto& word : words_of_filter(options, option)) {
        const auto is_it = [&](std::string_view name) { return lower(name) == lower(word); };
        if (std::ranges::any_of(known, is_it)) continue;
        return Refusal{fmt::format("Invalid {} list '{}'. Valid {}s are: {}", called,
                                   fmt::join(options.values(option), ","), option,
                                   fmt::join(known, ", "))};
    }
    return std::nullopt;
}

}  // namespace

std::span<const OptionSpec> consumer_groups_option_specs() {
    return kSpecs;
}

std::vector<std::string> words_of_filter(const Options& options, std::string_view name) {
    std::vector<std::string> words;
    for (const auto& value : options.values(name)) {
        for (auto word : split(value, ',')) {
            std::string text(word);
            std::erase(text, ' ');
            if (!text.empty()) words.push_back(std::move(text));
        }
    }
    return words;
}

std::optional<Refusal> check_consumer_groups_options(const Options& options) {
    if (auto refusal = refuse_missing(options, "bootstrap-server")) return refusal;
    if (auto refusal = check_actions(options)) return refusal;
    constexpr std::array<std::string_view, 2> kNotWithGroup = {"list", "all-groups"};
    if (auto refusal = refuse_together(options, "group", kNotWithGroup)) return refusal;
    if (auto refusal = check_filter(options, "state", kStates, "state")) return refusal;
    if (auto refusal = check_filter(options, "type", kTypes, "types")) return refusal;
    if (count(options, kActions) == 1) return std::nullopt;
    return Refusal{
        "Command must include exactly one action: --list, --describe, --delete, "
        "--reset-offsets, --delete-offsets, --validate-regex."};
}

Result<client::TopicPartitions> parse_topic_partitions(std::span<const std::string> arguments) {
    client::TopicPartitions found;
    for (const auto& argument : arguments) {
        const auto colon = argument.find(':');
        auto& partitions = found[argument.substr(0, colon)];
        if (colon == std::string::npos) continue;
        for (const auto part : split(std::string_view(argument).substr(colon + 1), ',')) {
            MILENA_ASSIGN(const auto index, index_of(part));
            partitions.emplace_back(index);
        }
    }
    return found;
}

Result<std::optional<client::Target>> reset_target(const Options& options, const Clock& clock) {
    using Found = std::optional<client::Target>;
    if (options.has("to-earliest")) return Found(client::ToEarliest{});
    if (options.has("to-latest")) return Found(client::ToLatest{});
    if (options.has("to-current")) return Found(client::ToCurrent{});
    MILENA_ASSIGN(const auto offset, options.int64("to-offset"));
    if (offset) return Found(client::ToOffset{Offset(*offset)});
    MILENA_ASSIGN(const auto shift, options.int64("shift-by"));
    if (shift) return Found(client::ShiftBy{*shift});
    MILENA_ASSIGN(const auto datetime, options.value("to-datetime"));
    if (datetime) {
        if (!datetime->contains('T')) {
            return fail(ErrorCode::INVALID_REQUEST,
                        "java.text.ParseException: Error parsing timestamp. It does not contain a "
                        "'T' according to ISO8601 format");
        }
        MILENA_ASSIGN(const auto time, client::parse_datetime(*datetime));
        return Found(client::ToTime{time});
    }
    MILENA_ASSIGN(const auto duration, options.value("by-duration"));
    if (duration) {
        MILENA_ASSIGN(const auto back, client::parse_duration(*duration));
        return Found(client::ToTime{clock.wall_now() - back.count()});
    }
    return Found();
}

Result<std::map<std::string, client::CommittedOffsets>> parse_offsets_csv(
    std::string_view text, const std::vector<std::string>& groups) {
    std::map<std::string, client::CommittedOffsets> found;
    for (auto line : split(text, '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        auto fields = split(line, ',');
        std::string group = groups.size() == 1 ? groups.front() : std::string();
        if (fields.size() == 4) {
            group = fields.front();
            fields.erase(fields.begin());
        }
        if (fields.size() != 3 || group.empty()) {
            return fail(ErrorCode::INVALID_REQUEST, fmt::format("the line '{}' is not of the form "
                                                                "[group,]topic,partition,offset",
                                                                line));
        }
        MILENA_ASSIGN(const auto index, index_of(fields[1]));
        std::int64_t offset = 0;
        const auto [rest, error] =
            std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), offset);
        if (error != std::errc{} || rest != fields[2].data() + fields[2].size()) {
            return fail(ErrorCode::INVALID_REQUEST, fmt::format("'{}' is no offset", fields[2]));
        }
        found[group][{std::string(fields[0]), PartitionIndex(index)}].offset = Offset(offset);
    }
    return found;
}

}  // namespace milena::kafka_tools
