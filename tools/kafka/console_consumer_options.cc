#include "tools/kafka/console_consumer_options.h"

#include "tools/kafka/console_options.h"
#include "tools/kafka/java_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace milena::kafka_tools {
namespace {

constexpr auto kNothing = Takes::nothing;
constexpr auto kValue = Takes::a_value;
constexpr std::string_view kFormatter = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";

constexpr OptionSpec kSpecs[] = {
    {"bootstrap-server", kValue, "String: server to connect to",
     "REQUIRED: the brokers to connect to, host:port,host:port."},
    {"command-config", kValue, "String: config file", "A property file for the consumer."},
    {"command-property", kValue, "String: consumer_prop",
     "A setting of the consumer, name=value; wins over the file."},
    {"consumer-property", kValue, "String: consumer_prop", "(DEPRECATED) Use --command-property."},
    {"consumer.config", kValue, "String: config file", "(DEPRECATED) Use --command-config."},
    {"enable-systest-events", kNothing, "", "Report the consumer's life cycle too."},
    {"formatter", kValue, "String: class",
     "How a record is printed. (default: org.apache.kafka.tools.consumer."
     "DefaultMessageFormatter)"},
    {"formatter-config", kValue, "String: config file", "A property file for the formatter."},
    {"formatter-property", kValue, "String: prop",
     "A setting of the formatter, name=value: print.timestamp, print.key, print.offset, "
     "print.epoch, print.partition, print.headers, print.value, key.separator, line.separator, "
     "headers.separator, null.literal, key.deserializer, value.deserializer, "
     "headers.deserializer."},
    {"from-beginning", kNothing, "", "Begin with the oldest record instead of the next one."},
    {"group", kValue, "String: consumer group id", "The group to read with."},
    {"help", kNothing, "", "Print this."},
    {"include", kValue, "String: regular expression", "Read all topics whose names match."},
    {"isolation-level", kValue, "String",
     "read_committed leaves out records of transactions that did not commit. (default: "
     "read_uncommitted)"},
    {"key-deserializer", kValue, "String: deserializer for keys", "A class of Kafka's."},
    {"max-messages", kValue, "Integer: num_messages", "End after so many records."},
    {"offset", kValue, "String: consume offset",
     "With --partition: an offset, earliest or latest. (default: latest)"},
    {"partition", kValue, "Integer: partition", "Read this partition only."},
    {"property", kValue, "String: prop", "(DEPRECATED) Use --formatter-property."},
    {"skip-message-on-error", kNothing, "", "Go on after a record that cannot be printed."},
    {"timeout-ms", kValue, "Long: timeout_ms", "End when no record arrives for so long."},
    {"topic", kValue, "String: topic", "The topic to read."},
    {"value-deserializer", kValue, "String: deserializer for values", "A class of Kafka's."},
    {"version", kNothing, "", "Print the version of Kafka whose tool this behaves as."},
};

constexpr Renamed kConfig = {"command-config", "consumer.config"};
constexpr Renamed kProperty = {"command-property", "consumer-property"};
constexpr Renamed kFormatting = {"formatter-property", "property"};

std::optional<Refusal> check(const Options& options) {
    if (options.has("topic") == options.has("include")) {
        return Refusal{"Exactly one of the following arguments is required: [topic], [include]"};
    }
    if (options.has("partition")) {
        if (const auto number = options.int32("partition"); !number) {
            return Refusal{number.error().detail, false};
        }
        if (!options.has("topic")) {
            return Refusal{"The topic is required when partition is specified."};
        }
        if (options.has("from-beginning") && options.has("offset")) {
            return Refusal{"Options from-beginning and offset cannot be specified together."};
        }
    } else if (options.has("offset")) {
        return Refusal{"The partition is required when offset is specified."};
    }
    if (auto refusal = refuse_missing(options, "bootstrap-server")) return refusal;
    if (auto refusal = refuse_both(options, kProperty, kProperty.before, kProperty.now)) {
        return refusal;
    }
    return refuse_both(options, kConfig, kConfig.before, kConfig.now);
}

std::string deprecation(const Renamed& renamed) {
    return fmt::format(
        "Option --{} is deprecated and will be removed in a future version. Use --{} instead.",
        renamed.before, renamed.now);
}

// The group named by the option, the file or a property; they must agree.
std::expected<std::optional<std::string>, Refusal> group(const Options& options,
                                                         const Properties& file,
                                                         const Properties& given) {
    std::vector<std::string> groups = options.values("group");
    for (const auto* properties : {&file, &given}) {
        const auto at = properties->find("group.id");
        if (at != properties->end()) groups.push_back(at->second);
    }
    std::ranges::sort(groups);
    groups.erase(std::ranges::unique(groups).begin(), groups.end());
    if (groups.size() > 1) {
        return std::unexpected(Refusal{fmt::format(
            "The group ids provided in different places (directly using '--group', via "
            "'--consumer-property', or via '--consumer.config') do not match. Detected group ids: "
            "'{}'",
            fmt::join(groups, "', '"))});
    }
    if (groups.empty()) return std::optional<std::string>{};
    if (options.has("partition")) {
        return std::unexpected(
            Refusal{"Options group and partition cannot be specified together."});
    }
    return groups.front();
}

std::expected<void, Refusal> read_start(ConsoleConsumerSettings& settings, const Options& options) {
    const bool from_beginning = options.has("from-beginning");
    if (const auto at = settings.consumer.find("auto.offset.reset");
        at != settings.consumer.end()) {
        if (from_beginning && at->second != "earliest") {
            return refuse_plainly(fmt::format(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={}', please "
                "remove one option",
                at->second));
        }
        if (at->second == "earliest") settings.start = StartAt::earliest;
    }
    if (from_beginning) settings.start = StartAt::earliest;
    const auto given = options.value("offset");
    if (!given) return refuse_plainly(given.error().detail);
    if (!*given) return {};
    const auto& text = **given;
    const auto word = lower(text);
    if (word == "earliest" || word == "latest") {
        settings.start = word == "earliest" ? StartAt::earliest : StartAt::latest;
        return {};
    }
    std::int64_t offset = -1;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, offset);
    if (error != std::errc{} || rest != end || offset < 0) {
        return std::unexpected(Refusal{fmt::format(
            "The provided offset value '{}' is incorrect. Valid values are 'earliest', 'latest', "
            "or a non-negative long.",
            text)});
    }
    settings.start = StartAt::offset;
    settings.offset = Offset(offset);
    return {};
}

std::expected<void, Refusal> read_formatter(ConsoleConsumerSettings& settings,
                                            const Options& options) {
    if (auto refusal = refuse_both(options, kFormatting, kFormatting.before, kFormatting.now)) {
        return std::unexpected(*std::move(refusal));
    }
    if (options.has(kFormatting.before)) settings.warnings.push_back(deprecation(kFormatting));
    auto properties = properties_of_file(options, "formatter-config");
    if (!properties) return std::unexpected(std::move(properties).error());
    settings.formatter_properties = *std::move(properties);
    for (const std::string_view part : {"key", "value"}) {
        const auto name = options.value(fmt::format("{}-deserializer", part));
        if (!name) return refuse_plainly(name.error().detail);
        if (*name && !(*name)->empty()) {
            settings.formatter_properties[fmt::format("{}.deserializer", part)] = **name;
        }
    }
    add_properties(settings.formatter_properties,
                   options.values(name_in_use(options, kFormatting)));
    const auto formatter = options.value("formatter");
    if (!formatter) return refuse_plainly(formatter.error().detail);
    settings.formatter = formatter->value_or(std::string(kFormatter));
    return {};
}

Status read_values(ConsoleConsumerSettings& settings, const Options& options) {
    MILENA_ASSIGN(const auto server, options.value("bootstrap-server"));
    settings.consumer["bootstrap.servers"] = *server;
    settings.consumer.try_emplace("client.id", "console-consumer");
    MILENA_TRY(merge_option(settings.consumer, "isolation.level", options, "isolation-level",
                            "read_uncommitted"));
    MILENA_ASSIGN(const auto topic, options.value("topic"));
    settings.topic = topic.value_or("");
    MILENA_ASSIGN(const auto include, options.value("include"));
    settings.include = include.value_or("");
    MILENA_ASSIGN(const auto partition, options.int32("partition"));
    if (partition) settings.partition = PartitionIndex(*partition);
    MILENA_ASSIGN(const auto max_messages, options.int32("max-messages"));
    settings.max_messages = max_messages.value_or(-1);
    MILENA_ASSIGN(const auto timeout, options.int64("timeout-ms"));
    if (timeout && *timeout >= 0) settings.idle_timeout = Millis(*timeout);
    settings.skip_on_error = options.has("skip-message-on-error");
    settings.systest_events = options.has("enable-systest-events");
    return {};
}

}  // namespace

std::span<const OptionSpec> console_consumer_option_specs() {
    return kSpecs;
}

std::expected<ConsoleConsumerSettings, Refusal> console_consumer_settings(const Options& options) {
    if (auto refusal = check(options)) return std::unexpected(*std::move(refusal));
    ConsoleConsumerSettings settings;
    for (const auto& renamed : {kProperty, kConfig}) {
        if (options.has(renamed.before)) settings.warnings.push_back(deprecation(renamed));
    }
    auto file = properties_of_file(options, name_in_use(options, kConfig));
    if (!file) return std::unexpected(std::move(file).error());
    Properties given;
    add_properties(given, options.values(name_in_use(options, kProperty)));
    auto named_group = group(options, *file, given);
    if (!named_group) return std::unexpected(std::move(named_group).error());
    settings.group = *std::move(named_group);
    settings.consumer = *std::move(file);
    for (auto& [key, value] : given) settings.consumer.insert_or_assign(key, value);
    if (auto start = read_start(settings, options); !start) {
        return std::unexpected(std::move(start).error());
    }
    if (auto formatter = read_formatter(settings, options); !formatter) {
        return std::unexpected(std::move(formatter).error());
    }
    if (auto status = read_values(settings, options); !status) {
        return refuse_plainly(status.error().detail);
    }
    return settings;
}

}  // namespace milena::kafka_tools
