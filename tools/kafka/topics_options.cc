#include "tools/kafka/topics_options.h"

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

constexpr OptionSpec kSpecs[] = {
    {"alter", kNothing, "", "Change the number of partitions of a topic."},
    {"at-min-isr-partitions", kNothing, "",
     "With --describe: only partitions with exactly the minimum of in-sync replicas."},
    {"bootstrap-server", kValue, "String: server to connect to",
     "REQUIRED: the broker to connect to, host:port."},
    {"command-config", kValue, "String: command config property file",
     "A property file for the client."},
    {"config", kValue, "String: name=value",
     "With --create: a setting of the new topic; may be given several times."},
    {"create", kNothing, "", "Create a topic."},
    {"delete", kNothing, "", "Delete topics."},
    {"delete-config", kValue, "String: name", "Ignored since Kafka 4.0."},
    {"describe", kNothing, "", "Show details of topics."},
    {"exclude-internal", kNothing, "", "With --list or --describe: leave out internal topics."},
    {"help", kNothing, "", "Print this."},
    {"if-exists", kNothing, "",
     "With --alter, --delete, --describe: a topic that does not exist is no error."},
    {"if-not-exists", kNothing, "", "With --create: a topic that exists already is no error."},
    {"list", kNothing, "", "List topics."},
    {"partition-size-limit-per-response", kValue,
     "Integer: maximum number of partitions per response",
     "With --describe: partitions per answer of the broker."},
    {"partitions", kValue, "Integer: # of partitions",
     "The number of partitions; without it a new topic gets the cluster's default. More "
     "partitions later change where keys go."},
    {"replica-assignment", kValue, "String: broker ids",
     "Which brokers hold which partition: 1:2,2:3 puts partition 0 on brokers 1 and 2."},
    {"replication-factor", kValue, "Integer: replication factor",
     "With --create: copies of each partition; without it the cluster's default."},
    {"topic", kValue, "String: topic", "The topic; a regular expression except with --create."},
    {"topic-id", kValue, "String: topic-id", "With --describe: the id of the topic."},
    {"topics-with-overrides", kNothing, "",
     "With --describe: only topics with settings of their own."},
    {"unavailable-partitions", kNothing, "",
     "With --describe: only partitions without a live leader."},
    {"under-min-isr-partitions", kNothing, "",
     "With --describe: only partitions with fewer in-sync replicas than the minimum."},
    {"under-replicated-partitions", kNothing, "",
     "With --describe: only partitions with replicas that are not in sync."},
    {"version", kNothing, "", "Print the version of Kafka whose tool this behaves as."},
};

constexpr std::array<std::string_view, 5> kActions = {"create", "list", "alter", "describe",
                                                      "delete"};

using Names = std::vector<std::string_view>;

// `with`, then every action but `allowed`.
Names all_actions_but(std::initializer_list<std::string_view> allowed, Names with = {}) {
    for (const auto action : kActions) {
        if (std::ranges::find(allowed, action) == allowed.end()) with.push_back(action);
    }
    return with;
}

std::optional<Refusal> check_required(const Options& options) {
    if (!options.has("bootstrap-server")) {
        return Refusal{"--bootstrap-server must be specified", false};
    }
    if (options.has("describe") && options.has("if-exists") && !options.has("topic") &&
        !options.has("topic-id")) {
        return Refusal{"--topic or --topic-id is required to describe a topic"};
    }
    if (!options.has("list") && !options.has("describe")) {
        if (auto refusal = refuse_missing(options, "topic")) return refusal;
    }
    if (!options.has("alter")) return std::nullopt;
    if (options.has("config")) {
        return Refusal{
            "Option combination \"[[bootstrap-server], [config]]\" can't be used with option "
            "\"[alter]\" (To alter topic configurations, the kafka-configs tool can be used.)"};
    }
    return refuse_missing(options, "partitions");
}

std::optional<Refusal> check_combinations(const Options& options) {
    struct Rule {
        std::string_view option;
        Names excluded;
    };
    const Names overrides = {"topics-with-overrides"};
    std::vector<Rule> rules = {
        {"config", all_actions_but({"alter", "create"})},
        {"partitions", all_actions_but({"alter", "create"})},
        {"replication-factor", all_actions_but({"create"})},
        {"replica-assignment", all_actions_but({"alter", "create"})},
    };
    if (options.has("create")) {
        rules.push_back({"replica-assignment", {"partitions", "replication-factor"}});
    }
    for (const std::string_view report : {"under-replicated-partitions", "under-min-isr-partitions",
                                          "at-min-isr-partitions", "unavailable-partitions"}) {
        rules.push_back({report, all_actions_but({"describe"}, overrides)});
    }
    rules.push_back(
        {"topics-with-overrides",
         all_actions_but({"describe"}, {"under-replicated-partitions", "under-min-isr-partitions",
                                        "at-min-isr-partitions", "unavailable-partitions"})});
    rules.push_back({"if-exists", all_actions_but({"alter", "delete", "describe"})});
    rules.push_back({"if-not-exists", all_actions_but({"create"})});
    rules.push_back({"exclude-internal", all_actions_but({"list", "describe"})});
    for (const auto& rule : rules) {
        if (auto refusal = refuse_together(options, rule.option, rule.excluded)) return refusal;
    }
    return std::nullopt;
}

}  // namespace

std::span<const OptionSpec> topics_option_specs() {
    return kSpecs;
}

std::optional<Refusal> check_topics_options(const Options& options) {
    const auto actions = std::ranges::count_if(
        kActions, [&](std::string_view action) { return options.has(action); });
    if (actions != 1) {
        return Refusal{
            "Command must include exactly one action: --list, --describe, --create, --alter or "
            "--delete"};
    }
    if (auto refusal = check_required(options)) return refusal;
    return check_combinations(options);
}

Result<std::vector<std::vector<std::int32_t>>> parse_replica_assignment(std::string_view text) {
    std::vector<std::vector<std::int32_t>> partitions;
    const auto refuse = [](std::string message) {
        return fail(ErrorCode::INVALID_REPLICA_ASSIGNMENT, std::move(message));
    };
    while (true) {
        const auto comma = text.find(',');
        auto part = text.substr(0, comma);
        std::vector<std::int32_t> brokers;
        while (true) {
            const auto colon = part.find(':');
            const auto word = trim(part.substr(0, colon));
            std::int32_t broker = 0;
            const auto* end = word.data() + word.size();
            if (const auto [rest, error] = std::from_chars(word.data(), end, broker);
                error != std::errc{} || rest != end) {
                return refuse(fmt::format("For input string: \"{}\"", word));
            }
            if (std::ranges::find(brokers, broker) != brokers.end()) {
                return refuse(fmt::format(
                    "Partition replica lists may not contain duplicate entries: {}", broker));
            }
            brokers.push_back(broker);
            if (colon == std::string_view::npos) break;
            part.remove_prefix(colon + 1);
        }
        partitions.push_back(std::move(brokers));
        if (partitions.back().size() != partitions.front().size()) {
            return refuse(fmt::format("Partition {} has different replication factor: [{}]",
                                      partitions.size() - 1, fmt::join(partitions.back(), ", ")));
        }
        if (comma == std::string_view::npos) return partitions;
        text.remove_prefix(comma + 1);
    }
}

Result<std::vector<std::pair<std::string, std::string>>> parse_topic_configs(
    std::span<const std::string> arguments) {
    std::vector<std::pair<std::string, std::string>> configs;
    for (const std::string_view argument : arguments) {
        const auto equals = argument.find('=');
        const auto value = equals == std::string_view::npos ? std::string_view()
                                                            : trim(argument.substr(equals + 1));
        // Kafka splits at every "=" and wants two parts.
        if (value.empty() || value.find('=') != std::string_view::npos) {
            return fail(ErrorCode::INVALID_CONFIG,
                        "requirement failed: Invalid topic config: all configs to be added must be "
                        "in the format \"key=val\".");
        }
        configs.emplace_back(trim(argument.substr(0, equals)), value);
    }
    return configs;
}

}  // namespace milena::kafka_tools
