// kafka-consumer-groups: what ConsumerGroupCommand of Kafka 4.2 does, with its output and exit
// codes. Differences: no stack traces, no --validate-regex.
#include "tools/client/reset.h"
#include "tools/kafka/client_properties.h"
#include "tools/kafka/consumer_groups_options.h"
#include "tools/kafka/group_report.h"
#include "tools/kafka/properties_file.h"
#include "tools/kafka/tools.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

Result<std::vector<std::string>> wanted_groups(client::Cluster& cluster, const Options& options) {
    if (options.has("group")) return options.values("group");
    MILENA_ASSIGN(const auto listed, client::list_groups(cluster, {}, {}));
    std::vector<std::string> names;
    for (const auto& group : listed) names.push_back(group.id);
    return names;
}

Status list(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(auto groups, client::list_groups(cluster, words_of_filter(options, "state"),
                                                   words_of_filter(options, "type")));
    std::erase_if(groups, [](const auto& group) {
        return !group.protocol_type.empty() && group.protocol_type != "consumer";
    });
    fmt::print(io.out, "{}", list_text(groups, {options.has("type"), options.has("state")}));
    return {};
}

Status describe(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(const auto names, wanted_groups(cluster, options));
    const bool verbose = options.has("verbose");
    for (const auto& name : names) {
        auto group = client::describe_group(cluster, name);
        if (!group && group.error().code == ErrorCode::GROUP_ID_NOT_FOUND) {
            return fail(ErrorCode::GROUP_ID_NOT_FOUND,
                        fmt::format("org.apache.kafka.common.errors.GroupIdNotFoundException: "
                                    "Group {} not found.",
                                    name));
        }
        if (!group) return std::unexpected(group.error());
        if (options.has("state")) {
            fmt::print(io.out, "{}", state_text(*group, verbose));
            continue;
        }
        fmt::print(io.err, "{}", state_remark(*group));
        if (options.has("members")) {
            fmt::print(io.out, "{}", members_text(*group, verbose));
            continue;
        }
        MILENA_ASSIGN(const auto rows, positions(cluster, *group));
        if (!rows.empty()) fmt::print(io.out, "{}", positions_text(name, rows, verbose));
    }
    return {};
}

Status remove(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(const auto names, wanted_groups(cluster, options));
    std::string deleted;
    std::string failed;
    for (const auto& name : names) {
        if (const auto status = client::delete_group(cluster, name)) {
            deleted += fmt::format("{}'{}'", deleted.empty() ? "" : ", ", name);
        } else {
            failed += fmt::format("* Group '{}' could not be deleted due to: {}\n", name,
                                  java_error(status.error().code));
        }
    }
    if (failed.empty()) {
        fmt::print(io.out, "Deletion of requested consumer groups ({}) was successful.\n", deleted);
        return {};
    }
    fmt::print(io.out, "\nError: Deletion of some consumer groups failed:\n{}", failed);
    if (!deleted.empty()) {
        fmt::print(io.out, "\nThese consumer groups were deleted successfully: {}\n", deleted);
    }
    return {};
}

Status delete_offsets(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(const auto group, options.value("group"));
    MILENA_ASSIGN(const auto asked, parse_topic_partitions(options.values("topic")));
    client::PartitionErrors errors;
    client::TopicPartitions known;
    for (const auto& [topic, partitions] : asked) {
        auto all = complete(cluster, {{topic, partitions}});
        if (all) {
            known.merge(*all);
        } else if (all.error().code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) {
            errors[{topic, PartitionIndex(-1)}] = all.error().code;
        } else {
            return std::unexpected(all.error());
        }
    }
    auto outcome = client::delete_offsets(cluster, *group, known);
    if (outcome) {
        errors.insert(outcome->begin(), outcome->end());
        const bool all_good =
            std::ranges::all_of(errors, [](const auto& e) { return e.second == ErrorCode::NONE; });
        fmt::print(
            io.out, "{}\n",
            all_good ? fmt::format("Request succeeded for deleting offsets from group {}.", *group)
                     : fmt::format("\nError: Encountered some partition-level error, see "
                                   "the follow-up details:"));
    } else {
        const auto text = java_error(outcome.error().code);
        const auto words = text.find(": ");
        fmt::print(io.out, "\nError: {}\n",
                   words == std::string::npos ? text : text.substr(words + 2));
        for (const auto& [topic, partitions] : known) {
            for (const auto index : partitions) errors[{topic, index}] = outcome.error().code;
        }
    }
    fmt::print(io.out, "{}", deleted_offsets_text(errors));
    return {};
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::INVALID_REQUEST, fmt::format("cannot read '{}'", path));
    return text.str();
}

// The new offsets of one group, nothing changed yet.
Result<client::CommittedOffsets> plan(client::Cluster& cluster, const Options& options,
                                      const std::string& group, const client::Target& target,
                                      const cli::Io& io) {
    MILENA_ASSIGN(const auto current, client::committed_offsets(cluster, group));
    client::TopicPartitions partitions = partitions_of(current);
    if (options.has("topic")) {
        MILENA_ASSIGN(auto asked, parse_topic_partitions(options.values("topic")));
        MILENA_ASSIGN(partitions, complete(cluster, std::move(asked)));
    }
    return client::plan_reset(cluster, partitions, current, target, [&](std::string_view text) {
        fmt::print(io.err, "WARN {}\n", text);
    });
}

// In front of everything else, refusals too.
void warn_of_missing_execute(const Options& options, const cli::Io& io) {
    if (!options.has("reset-offsets") || options.has("execute") || options.has("dry-run")) return;
    fmt::print(io.err,
               "WARN: No action will be performed as the --execute option is missing. In version "
               "5.0, this command will require either --dry-run or --execute to be specified. You "
               "should add the --dry-run option explicitly if you are scripting this command and "
               "want to keep the current default behavior without prompting.\n");
}

Status reset(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(const auto names, wanted_groups(cluster, options));
    MILENA_ASSIGN(const auto target, reset_target(options, io.clock));
    GroupOffsets from_file;
    if (!target) {
        MILENA_ASSIGN(const auto path, options.value("from-file"));
        MILENA_ASSIGN(const auto text, read_file(*path));
        MILENA_ASSIGN(from_file, parse_offsets_csv(text, names));
    }
    GroupOffsets planned;
    for (const auto& name : names) {
        MILENA_ASSIGN(const auto state, state_of(cluster, name));
        if (state != "Empty" && state != "Dead") {
            fmt::print(io.out,
                       "\nError: Assignments can only be reset if the group '{}' is inactive, but "
                       "the current state is {}.\n",
                       name, state);
            planned[name] = {};
            continue;
        }
        if (target) {
            MILENA_ASSIGN(planned[name], plan(cluster, options, name, *target, io));
        } else {
            MILENA_ASSIGN(planned[name], client::keep_within(cluster, from_file[name], [&](auto t) {
                              fmt::print(io.err, "WARN {}\n", t);
                          }));
        }
        if (!options.has("execute") || planned[name].empty()) continue;
        MILENA_ASSIGN(const auto errors, client::commit_offsets(cluster, name, planned[name]));
        for (const auto& [where, code] : errors) {
            if (code != ErrorCode::NONE) return fail(code, java_error(code));
        }
    }
    fmt::print(io.out, "{}",
               options.has("export") ? new_offsets_csv(planned) + "\n" : new_offsets_text(planned));
    return {};
}

Status run_action(const Options& options, const cli::Io& io) {
    Properties properties;
    MILENA_ASSIGN(const auto file, options.value("command-config"));
    if (file) {
        MILENA_ASSIGN(properties, load_properties(*file));
    }
    MILENA_ASSIGN(const auto servers, options.value("bootstrap-server"));
    properties["bootstrap.servers"] = *servers;
    MILENA_ASSIGN(client::ClusterSettings settings, cluster_settings(properties, io));
    MILENA_ASSIGN(const auto timeout, options.int64("timeout"));
    if (timeout) settings.operation_timeout = Millis(*timeout);
    client::Cluster cluster(std::move(settings), io.clock);
    if (options.has("list")) return list(cluster, options, io);
    if (options.has("describe")) return describe(cluster, options, io);
    if (options.has("delete")) return remove(cluster, options, io);
    if (options.has("delete-offsets")) return delete_offsets(cluster, options, io);
    return reset(cluster, options, io);
}

}  // namespace

int run_consumer_groups(std::span<const std::string_view> arguments, const cli::Io& io) {
    const auto specs = consumer_groups_option_specs();
    const auto options = Options::parse(specs, arguments);
    if (!options) return report({options.error().detail, false}, specs, io.err);
    constexpr std::string_view kAbout =
        "This tool helps to list all consumer groups, describe a consumer group, delete consumer "
        "group info, or reset consumer group offsets.";
    if (arguments.empty() || options->has("help")) {
        return report({std::string(kAbout)}, specs, io.err);
    }
    if (options->has("version")) {
        fmt::print(io.out, "{}\n", kKafkaVersion);
        return 0;
    }
    warn_of_missing_execute(*options, io);
    if (const auto refusal = check_consumer_groups_options(*options)) {
        return report(*refusal, specs, io.err);
    }
    if (const auto status = run_action(*options, io); !status) {
        // Kafka's tool ends with 0 all the same.
        fmt::print(io.out, "\nError: Executing consumer group command failed due to {}\n",
                   status.error().detail);
    }
    return 0;
}

}  // namespace milena::kafka_tools
